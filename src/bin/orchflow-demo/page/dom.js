// Short forms for building elements. Text always goes in as text, never as markup.

// Creates an element. `props` become attributes, except `on` (listeners by event) and `data`; a value of
// null, undefined or false leaves an attribute out, true sets it empty.
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  setProps(element, props);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// A button with a text. `look`: "is-primary", "is-small" and the like.
export function button(label, click, look = "") {
  return h("button", { type: "button", class: `button ${look}`, on: { click } }, label);
}

function setProps(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (name === "data") {
      Object.assign(element.dataset, value);
    } else {
      setAttribute(element, name, value);
    }
  }
}

// Sets an attribute only if it differs, so that observers and screen readers are not disturbed.
export function setAttribute(element, name, value) {
  if (value === null || value === undefined || value === false) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
    return;
  }
  const text = value === true ? "" : String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

// Sets the text of an element only if it differs.
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Brings the children of an element into this order. What has the focus stays where it is and the others are moved: an
// element that is moved loses the focus. What is scrolled in it stays scrolled.
export function setChildren(parent, children) {
  const wanted = new Set(children);
  for (const child of [...parent.children]) {
    if (!wanted.has(child)) child.remove();
  }
  const held = children.findIndex((child) => child.parentNode === parent && child.contains(document.activeElement));
  arrange(parent, children.slice(0, Math.max(held, 0)), parent.firstElementChild);
  arrange(parent, children.slice(held + 1), held < 0 ? parent.firstElementChild : children[held].nextElementSibling);
}

function arrange(parent, children, next) {
  for (const child of children) {
    if (child === next) next = next.nextElementSibling;
    else keepingScroll(child, () => parent.insertBefore(child, next));
  }
}

function keepingScroll(element, move) {
  const inside = element.isConnected ? [element, ...element.querySelectorAll("*")] : [];
  const scrolled = inside.filter((each) => each.scrollTop !== 0).map((each) => [each, each.scrollTop]);
  move();
  for (const [each, top] of scrolled) each.scrollTop = top;
}

// Announces a sentence to screen readers.
export function announce(text) {
  const region = document.getElementById("announcer");
  // The same sentence twice is announced twice only if the text differs.
  region.textContent = region.textContent === text ? `${text}\u00a0` : text;
}

let asked = null;

// The user has asked for something that may take the focus, also from the field that has it now.
export function asksFromHere() {
  asked = document.activeElement;
}

// Whether the user has gone to a field or a dialog: what arrives meanwhile takes no focus from there.
export function isEditing() {
  const field = document.activeElement?.closest("input, select, dialog[open]");
  return Boolean(field) && field !== asked;
}
