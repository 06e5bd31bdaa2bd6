// All actions and their keys. This table is the one place where keys are chosen; the palette, the help, tooltips and
// the keyboard read it.
//
// The keys are such that neither browsers nor programs in terminals need them. What is known to collide:
// - Ctrl+Shift+P opens a private window in Firefox, which does not let pages have it; F1 does the same here.
// - Ctrl+Shift+C opens the inspector of Chromium and Firefox while the focus is outside of a terminal.
// - F1 is also a key of programs (help in mc and htop); Alt+Shift+K hides it from the page for the next key.
// - Alt+Shift switches the keyboard layout in some desktops if pressed alone; with a letter it does not.
// - Emacs and readline see Alt+Shift+letter as Meta with a capital letter, which is the same as without Shift.
//   Their Meta with < > ? ! @ # $ % ^ & * ( ) _ + { } | : " ~ stays free.
// - Ctrl+Alt+Shift+arrows move windows in GNOME; separators can be moved with plain arrows when they have the focus.
//
// `when` says what an action needs: "session", "pane", "terminal" (a pane with a terminal), "manage" (the token allows
// changes). `native`: the browser does it by itself, and the key is listed only.

export const actions = [
  { id: "pane.splitRight", group: "Pane", title: "Split to the right", keys: ["Alt+Shift+R"], when: "manage" },
  { id: "pane.splitDown", group: "Pane", title: "Split downwards", keys: ["Alt+Shift+D"], when: "manage" },
  { id: "pane.close", group: "Pane", title: "Close the pane and its terminal", keys: ["Alt+Shift+W"], when: "pane" },
  { id: "pane.detach", group: "Pane", title: "Close the pane and keep its terminal running", when: "pane" },
  { id: "pane.zoom", group: "Pane", title: "Maximise the pane, or restore it", keys: ["Alt+Shift+Z"], when: "pane" },
  { id: "pane.rename", group: "Pane", title: "Rename the pane", keys: ["Alt+Shift+E"], when: "pane" },
  { id: "pane.move", group: "Pane", title: "Move the pane to another session…", keys: ["Alt+Shift+M"], when: "pane" },
  { id: "pane.even", group: "Pane", title: "Make all panes the same size", keys: ["Alt+Shift+Q"], when: "pane" },
  ...["Left", "Right", "Up", "Down"].flatMap((side) => [
    { id: `pane.focus${side}`, group: "Pane", title: `Go to the pane ${where(side)}`, keys: [`Alt+Shift+Arrow${side}`], when: "pane" },
    { id: `pane.resize${side}`, group: "Pane", title: `Move the separator ${towards(side)}`, keys: [`Ctrl+Alt+Shift+Arrow${side}`], when: "pane" },
    { id: `pane.edge${side}`, group: "Pane", title: `Move the pane to the ${edge(side)} edge`, when: "pane" },
    { id: `pane.swap${side}`, group: "Pane", title: `Swap with the pane ${where(side)}`, when: "pane" },
  ]),

  { id: "terminal.new", group: "Terminal", title: "New terminal…", keys: ["Alt+Shift+T"], when: "manage" },
  { id: "terminal.copy", group: "Terminal", title: "Copy the selection", keys: ["Ctrl+Shift+C"], when: "terminal" },
  { id: "terminal.paste", group: "Terminal", title: "Paste", keys: ["Ctrl+Shift+V"], when: "terminal", native: true },
  { id: "terminal.find", group: "Terminal", title: "Find in the terminal", keys: ["Ctrl+Shift+F"], when: "terminal" },
  { id: "terminal.end", group: "Terminal", title: "Scroll to the end", keys: ["Ctrl+Shift+End"], when: "terminal" },
  { id: "terminal.clear", group: "Terminal", title: "Clear the scrollback", when: "terminal" },
  { id: "terminal.interrupt", group: "Terminal", title: "Interrupt the program", when: "terminal" },
  { id: "terminal.restart", group: "Terminal", title: "Start a new terminal in this pane", when: "pane" },

  { id: "session.new", group: "Session", title: "New session", keys: ["Alt+Shift+N"], when: "manage" },
  { id: "session.rename", group: "Session", title: "Rename the session", keys: ["Alt+Shift+S"], when: "session" },
  { id: "session.close", group: "Session", title: "Close the session", when: "session" },
  { id: "session.next", group: "Session", title: "Next session", keys: ["Alt+Shift+PageDown"], when: "session" },
  { id: "session.previous", group: "Session", title: "Previous session", keys: ["Alt+Shift+PageUp"], when: "session" },
  { id: "session.moveLeft", group: "Session", title: "Move the session to the left", keys: ["Ctrl+Alt+Shift+PageUp"], when: "session" },
  { id: "session.moveRight", group: "Session", title: "Move the session to the right", keys: ["Ctrl+Alt+Shift+PageDown"], when: "session" },

  { id: "sidebar.files", group: "Side bar", title: "Files", keys: ["Alt+Shift+F"] },
  { id: "sidebar.changes", group: "Side bar", title: "Changed files", keys: ["Alt+Shift+C"] },
  { id: "sidebar.terminals", group: "Side bar", title: "Terminals", keys: ["Alt+Shift+I"] },
  { id: "sidebar.figures", group: "Side bar", title: "Figures", keys: ["Alt+Shift+G"] },
  { id: "sidebar.notifications", group: "Side bar", title: "Notifications", keys: ["Alt+Shift+B"] },
  { id: "sidebar.toggle", group: "Side bar", title: "Show or hide the side bar", keys: ["Alt+Shift+Y"] },

  { id: "palette", group: "General", title: "Show all actions", keys: ["Ctrl+Shift+P", "F1"] },
  { id: "help", group: "General", title: "Show all keys", keys: ["Alt+Shift+H"] },
  { id: "settings", group: "General", title: "Settings", keys: ["Alt+Shift+O"] },
  { id: "leave", group: "General", title: "Leave the terminal: move the focus to the pane's header", keys: ["Alt+Shift+L"] },
  { id: "passKey", group: "General", title: "Send the next key to the terminal, whatever it is", keys: ["Alt+Shift+K"], when: "terminal" },
  { id: "copyAddress", group: "General", title: "Copy the address for another device or for attach" },
  { id: "reconnect", group: "General", title: "Connect again now" },
  { id: "enterToken", group: "General", title: "Use another token" },
];

function where(side) {
  return { Left: "on the left", Right: "on the right", Up: "above", Down: "below" }[side];
}

function edge(side) {
  return { Left: "left", Right: "right", Up: "upper", Down: "lower" }[side];
}

function towards(side) {
  return { Left: "to the left", Right: "to the right", Up: "up", Down: "down" }[side];
}

const byId = new Map(actions.map((action) => [action.id, action]));

export function action(id) {
  return byId.get(id);
}
