// How things are called on the page: panes, terminals, directories, ends of programs.

const decoder = new TextDecoder();

// Paths and names of the state are text, or bytes if they are not UTF-8.
export function text(bytes) {
  if (bytes === null || bytes === undefined) return "";
  if (typeof bytes === "string") return bytes;
  return decoder.decode(toBytes(bytes));
}

// From any form in which a client may hold bytes that are not text.
export function toBytes(bytes) {
  return bytes instanceof Uint8Array ? bytes : Uint8Array.from(atob(bytes.bytes), (char) => char.charCodeAt(0));
}

// An id that is not in use, such as `session-3f9a1c`.
export function shortId(kind, isTaken) {
  for (;;) {
    const random = crypto.getRandomValues(new Uint32Array(1))[0].toString(36).padStart(7, "0");
    const id = `${kind}-${random}`;
    if (!isTaken(id)) return id;
  }
}

// The last two parts of a path, which is what a person recognises it by.
export function shortPath(path) {
  const parts = text(path).split("/").filter(Boolean);
  if (parts.length === 0) return path ? "/" : "";
  return parts.length <= 2 ? `/${parts.join("/")}` : parts.slice(-2).join("/");
}

export function baseName(path) {
  return text(path).split("/").filter(Boolean).at(-1) ?? "/";
}

// The name that the user gave, else the title that the program set, else the program.
export function paneName(pane, terminal) {
  if (pane?.title) return pane.title;
  const file = pane?.content?.file;
  if (file !== undefined) return baseName(file);
  if (pane?.content?.custom) return pane.content.custom;
  if (terminal) return terminalName(terminal, pane?.metadata.number);
  return "Empty pane";
}

// What is worth knowing beside the name: the title that the program set, else the program.
export function paneNote(pane, terminal) {
  if (!terminal) return "";
  const name = paneName(pane, terminal);
  return [terminal.title, text(terminal.program) && baseName(terminal.program)].find((each) => each && each !== name) ?? "";
}

// `number` is the short one that a host gives to its terminals.
export function terminalName(terminal, number = terminal.id) {
  return terminal.title || text(terminal.program) || `Terminal ${number}`;
}

const SIGNALS = {
  1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV",
  13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM",
};

// How a program ended, in a few words.
export function endText(exit) {
  if (exit?.code === 0) return "Exited";
  if (exit?.code !== undefined) return `Exited with ${exit.code}`;
  if (exit?.signal !== undefined) return `Ended by ${SIGNALS[exit.signal] ?? `signal ${exit.signal}`}`;
  return "Ended";
}

// The same of a terminal; null while its program runs.
export function exitText(terminal) {
  return !terminal || terminal.running ? null : endText(terminal.exit);
}

const shells = new Set([
  "ash", "bash", "csh", "dash", "elvish", "fish", "ksh", "mksh", "nu", "pwsh", "sh", "tcsh", "xonsh", "zsh",
]);

// The program that closing would end, if it is more than a waiting shell.
export function busyProgram(terminal) {
  if (!terminal?.running) return null;
  const program = text(terminal.program).replace(/^-/, "");
  return program && !shells.has(baseName(program)) ? program : null;
}

export function plural(count, word) {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
