// Waiting for what happens; nothing waits for a time to pass, except to fail.

const WATCHDOG_MS = 60_000;

/** Rejects if a promise takes so long that something must be wrong. */
export function soon(promise, what = "nothing happened") {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(what)), WATCHDOG_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The next event of an emitter that fits. */
export function next(emitter, name, fits = () => true) {
  let off;
  const promise = new Promise((resolve) => {
    off = emitter.on(name, (value) => {
      if (fits(value)) resolve(value);
    });
  });
  return soon(promise, `no ${name}`).finally(() => off());
}

/** Resolves once the state is so. */
export async function until(client, isSo) {
  let off;
  const promise = new Promise((resolve) => {
    const look = () => {
      const value = isSo(client.state);
      if (value) resolve(value);
    };
    off = client.state.subscribe(look);
    look();
  });
  return soon(promise, `never: ${isSo}`).finally(() => off());
}

/** Resolves once the rows of a screen are so; they are given as texts. */
export async function untilScreen(screen, isSo) {
  let off;
  const promise = new Promise((resolve) => {
    const look = () => {
      const rows = textOf(screen);
      if (isSo(rows)) resolve(rows);
    };
    off = screen.on("update", look);
    look();
  });
  return soon(promise, `never: ${isSo}`).finally(() => off());
}

export const textOf = (screen) =>
  screen.lines.map((line) => line.runs.map((run) => run.text).join("").trimEnd());

/** Resolves once a client has a connection; it does not wait for the time of its next attempt. */
export async function opened(client) {
  const off = client.on("status", (status) => status === "waiting" && client.retryNow());
  client.retryNow();
  if (client.status !== "open") await next(client, "status", (status) => status === "open");
  off();
}
