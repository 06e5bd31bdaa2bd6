// A menu of actions at a point, by mouse and by keys.

import { h } from "../dom.js";

let open = null;

/**
 * Shows a menu of `[label, action]` at a point of the window. The focus goes back to `owner` when it closes.
 */
export function showMenu(items, { x, y }, owner) {
  open?.close();
  const menu = h("div", { class: "files-menu", role: "menu", tabindex: "-1" });
  const close = () => {
    if (open?.menu !== menu) return;
    open = null;
    menu.remove();
    document.removeEventListener("pointerdown", outside, true);
    window.removeEventListener("blur", close);
    owner.focus({ preventScroll: true });
  };
  const outside = (event) => {
    if (!menu.contains(event.target)) close();
  };
  const entries = items.map(([label, action]) => h("div", {
    role: "menuitem", tabindex: "-1", class: "files-menu-item",
    on: {
      click: () => {
        close();
        action();
      },
      pointerenter: (event) => event.currentTarget.focus({ preventScroll: true }),
    },
  }, label));
  menu.append(...entries);
  menu.addEventListener("keydown", (event) => onKey(event, entries, close));
  document.body.append(menu);
  const { width, height } = menu.getBoundingClientRect();
  menu.style.left = `${Math.max(4, Math.min(x, innerWidth - width - 4))}px`;
  menu.style.top = `${Math.max(4, Math.min(y, innerHeight - height - 4))}px`;
  open = { menu, close };
  document.addEventListener("pointerdown", outside, true);
  window.addEventListener("blur", close);
  entries[0]?.focus({ preventScroll: true });
}

function onKey(event, entries, close) {
  const at = entries.indexOf(document.activeElement);
  const to = {
    ArrowDown: (at + 1) % entries.length, ArrowUp: (at - 1 + entries.length) % entries.length,
    Home: 0, End: entries.length - 1,
  }[event.key];
  if (to !== undefined) entries[to].focus({ preventScroll: true });
  else if (event.key === "Escape" || event.key === "Tab") close();
  else if (event.key === "Enter" || event.key === " ") entries[at]?.click();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
