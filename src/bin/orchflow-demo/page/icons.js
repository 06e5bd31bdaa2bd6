// Icons and buttons that show one: strokes on a grid of 16, drawn in the colour of the text.

import { h } from "./dom.js";

const paths = {
  plus: "M8 3v10M3 8h10",
  close: "M4 4l8 8M12 4l-8 8",
  splitRight: "M2.5 3h11v10h-11zM8 3v10",
  splitDown: "M2.5 3h11v10h-11zM2.5 8h11",
  zoom: "M9.5 2.5h4v4M6.5 13.5h-4v-4M13.5 2.5l-4.5 4.5M2.5 13.5l4.5-4.5",
  unzoom: "M13.5 6.5h-4v-4M2.5 9.5h4v4M9.5 6.5l4.5-4.5M6.5 9.5l-4.5 4.5",
  menu: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  command: "M2.5 4.5l3.5 3.5-3.5 3.5M8 12h5.5",
  settings: "M2.5 4.5h6M12.5 4.5h1M2.5 11.5h1M7.5 11.5h6M10.5 2.5v4M5.5 9.5v4",
  files: "M2.5 3.5h4l1.5 2h5.5v7h-11z",
    figures: "M2.5 13.5h11M4.5 11V8M8 11V3.5M11.5 11V6",
  bell: "M4 11.5V7a4 4 0 018 0v4.5M2.5 11.5h11M6.8 13.8h2.4",
  lock: "M4 7.5h8v6H4zM5.5 7.5v-2a2.5 2.5 0 015 0v2",
  terminal: "M2 3h12v10H2zM4.5 6l2 2-2 2M8.5 10.5h3",
  file: "M4 2h5l3 3v9H4zM9 2v3h3",
  up: "M4 10l4-4 4 4",
  down: "M4 6l4 4 4-4",
  left: "M10 4L6 8l4 4",
  right: "M6 4l4 4-4 4",
  check: "M3 8.5l3.5 3.5L13 4.5",
  panes: "M2.5 3h11v10h-11zM6 3v10",
};

// Icons that consist of dots need a wider stroke; the others have that of the style sheet.
const widths = { menu: "2.25" };

const space = "http://www.w3.org/2000/svg";

// An icon that screen readers skip; the control that holds it has a label.
export function icon(name) {
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", paths[name]);
  if (widths[name]) path.style.strokeWidth = widths[name];
  svg.append(path);
  return svg;
}

// A button with an icon; the label is for screen readers, and a tip unless `props` have a title of their own.
export function iconButton(picture, label, click, props = {}) {
  const fixed = { type: "button", class: "icon-button", "aria-label": label, title: label };
  return h("button", { ...fixed, ...props, on: { click } }, icon(picture));
}
