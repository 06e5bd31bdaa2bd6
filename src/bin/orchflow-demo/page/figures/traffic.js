// The bytes of this page's connections. The page gives `CountedWebSocket` to its client.

/** Since the page was opened. Text counts as its characters. */
export const traffic = { received: 0, sent: 0, counted: false };

const sizeOf = (data) => data.byteLength ?? data.length ?? data.size ?? 0;

export class CountedWebSocket extends WebSocket {
  constructor(...args) {
    super(...args);
    traffic.counted = true;
    this.addEventListener("message", ({ data }) => {
      traffic.received += sizeOf(data);
    });
  }

  send(data) {
    traffic.sent += sizeOf(data);
    super.send(data);
  }
}
