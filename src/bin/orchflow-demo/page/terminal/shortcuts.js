// The keys that the terminal itself takes from the program. Pure.

/**
 * The name of the shortcut of a KeyboardEvent, or null: the program gets the key.
 * context: { isMac, hasSelection, isAlternate, scrollKeys }.
 */
export function terminalShortcut(event, { isMac, hasSelection, isAlternate, scrollKeys }) {
  const { ctrlKey: ctrl, shiftKey: shift, altKey: alt, metaKey: meta } = event;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (isMac && meta && !ctrl && !alt && !shift) {
    return { c: hasSelection ? "copy" : null, v: "paste", f: "find", a: "selectAll" }[key] ?? null;
  }
  if (ctrl && shift && !alt && !meta) {
    const name = { c: "copy", v: "paste", f: "find", a: "selectAll" }[key];
    if (name !== undefined) return name;
  }
  if (key === "Insert" && !alt && !meta) {
    if (ctrl && !shift) return hasSelection ? "copy" : null;
    if (shift && !ctrl) return "paste";
  }
  // A program on the alternate screen has the scrolling keys, since there is no scrollback.
  if (!scrollKeys || !shift || alt || meta || isAlternate) return null;
  if (ctrl) return { ArrowUp: "lineUp", ArrowDown: "lineDown" }[key] ?? null;
  return { PageUp: "pageUp", PageDown: "pageDown", Home: "start", End: "end" }[key] ?? null;
}
