// What can be done with a file: the same in the tree, among the results and among the changes.

import { announce } from "../dom.js";
import { parentPath, shellWord, showName } from "./names.js";
import { showMenu } from "./menu.js";

/** A path as text for the clipboard. One that is not UTF-8 is written as a word for a shell. */
const pathText = (path) => (typeof path === "string" ? path : shellWord(path));

export async function copyPath(path) {
  try {
    await navigator.clipboard.writeText(pathText(path));
    announce(`Copied ${showName(path)}`);
  } catch {
    announce("The browser does not allow copying");
  }
}

/**
 * The menu of a file at a point. `reveal` shows the file in the tree and is left out there; the same holds for what the
 * page cannot do.
 */
export function fileMenu({ path, directory, exists = true, actions, reveal, owner }, point) {
  const here = directory ? path : parentPath(path);
  const items = [
    exists && !directory && ["Open", () => actions.openFile(path)],
    exists && reveal && ["Show in the tree", reveal],
    ["Copy path", () => void copyPath(path)],
    exists && actions.newTerminal && ["New terminal here", () => actions.newTerminal(here)],
    actions.typePath && ["Type path into terminal", () => actions.typePath(path)],
  ];
  showMenu(items.filter(Boolean), point, owner);
}
