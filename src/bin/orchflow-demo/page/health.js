// The health of the engine as the server reports it: for the indicator and the figures, and a note when a part gets
// worse.

const RANK = { ok: 0, degraded: 1, failed: 2 };
const TITLES = {
  terminal: "Terminal", watch: "Watch", listener: "Listener", client: "Client", peer: "Peer", loop: "Event loop",
  memory: "Memory", spawning: "Starting programs",
};

/** `Terminal 3`, `Memory` */
export const partTitle = ({ part, id }) => (id > 0 ? `${TITLES[part] ?? part} ${id}` : (TITLES[part] ?? part));

/** The parts that are worse than before. `known`: the status of each part by its title. */
export function worsened(known, parts) {
  return parts.filter((part) => (RANK[part.status] ?? 1) > (RANK[known.get(partTitle(part))] ?? 0));
}

/** `The engine is degraded: 2 parts` */
export function summary(health) {
  if (health === null || health.status === "ok") return "";
  const count = health.parts.length + health.more;
  return `The engine is ${health.status}: ${count === 1 ? "1 part" : `${count} parts`}`;
}

export class EngineHealth extends EventTarget {
  /** The last report, with the time when it came; `null` while there is no connection. */
  latest = null;
  #client;
  #known = new Map();

  constructor(client, note) {
    super();
    this.#client = client;
    this.showFigures(false);
    client.on("health", (health) => {
      for (const part of worsened(this.#known, health.parts)) note(`${partTitle(part)}: ${part.message}`);
      this.#known = new Map(health.parts.map((part) => [partTitle(part), part.status]));
      this.#become({ ...health, at: performance.now() });
    });
    client.on("status", (status) => status !== "open" && this.#become(null));
  }

  /** Whether somebody looks at figures. */
  showFigures(isWanted) {
    this.#client.observe({ figuresMs: isWanted ? 1000 : 0, health: true });
  }

  #become(health) {
    if (health === this.latest) return;
    this.latest = health;
    this.dispatchEvent(new Event("change"));
  }
}
