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

// Brings the children of an element into this order, moving as few as possible: an element that is moved
// loses the focus and its scroll position.
export function setChildren(parent, children) {
  const wanted = new Set(children);
  for (const child of [...parent.children]) {
    if (!wanted.has(child)) child.remove();
  }
  let next = parent.firstElementChild;
  for (const child of children) {
    if (child === next) {
      next = next.nextElementSibling;
    } else {
      parent.insertBefore(child, next);
    }
  }
}

// Announces a sentence to screen readers.
export function announce(text) {
  const region = document.getElementById("announcer");
  // The same sentence twice is announced twice only if the text differs.
  region.textContent = region.textContent === text ? `${text}\u00a0` : text;
}

// Whether a name is being edited or a dialog is open: what arrives meanwhile takes no focus.
export function isEditing() {
  return Boolean(document.activeElement?.closest(".pane-head input, .tab-item input, dialog[open]"));
}
