import { createElement, useSyncExternalStore } from "react";

/** The value of a selector, and a new rendering when it changes. */
export const useOrchflow = ({ state }, selector) =>
  useSyncExternalStore(state.subscribe, () => state.get(selector));

const selectTerminals = (state) => [...state.terminals.values()];

export function Terminals({ client }) {
  const terminals = useOrchflow(client, selectTerminals);
  return createElement("ul", null, terminals.map(({ id, cols, rows }) =>
    createElement("li", { key: id }, `${id}: ${cols} by ${rows}`)));
}
