// Watches that several views share: the server gives a client the same number for the same path.

const shared = new WeakMap();

/** Watches a path until the returned function is called. A path that cannot be watched is not. */
export function watchShared(client, path, key) {
  if (!shared.has(client)) shared.set(client, new Map());
  const watches = shared.get(client);
  const watch = watches.get(key) ?? { users: 0, number: client.watch(path).catch(() => null) };
  watches.set(key, watch);
  watch.users += 1;
  return async () => {
    watch.users -= 1;
    if (watch.users > 0) return;
    watches.delete(key);
    const number = await watch.number;
    if (number !== null) await client.unwatch(number).catch(() => {});
  };
}
