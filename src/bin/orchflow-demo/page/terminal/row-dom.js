// The DOM of one row: a span for each run, and inside it spans for what would leave the cell grid.

import { runCells } from "./cells.js";
import { cssColor } from "./colors.js";
import { glyphBackground } from "./glyphs.js";

const ATTRIBUTE = { bold: 1, dim: 2, italic: 4, inverse: 8, hidden: 16, strike: 32, blink: 64 };
const UNDERLINES = ["", "solid", "double", "wavy", "dotted", "dashed"];
const ASCII = /^[\x20-\x7e]*$/;

/** Fills `element` with the runs of a row. */
export function fillRow(element, row, metrics) {
  const nodes = [];
  for (const run of row.runs) nodes.push(runNode(run, metrics));
  element.replaceChildren(...nodes);
}

function runNode(run, metrics) {
  const attributes = run.attributes ?? 0;
  const style = runStyle(run, attributes);
  if (style === "" && !run.link && attributes === 0 && ASCII.test(run.text)) return document.createTextNode(run.text);
  const span = document.createElement("span");
  const classes = runClasses(run, attributes);
  if (classes !== "") span.className = classes;
  if (style !== "") span.style.cssText = style;
  if (ASCII.test(run.text)) span.textContent = run.text;
  else appendCells(span, run, attributes, metrics);
  return span;
}

function runClasses(run, attributes) {
  const classes = [];
  if (attributes & ATTRIBUTE.bold) classes.push("b");
  if (attributes & ATTRIBUTE.italic) classes.push("i");
  if (attributes & ATTRIBUTE.blink) classes.push("blink");
  if (attributes & ATTRIBUTE.inverse) classes.push("inverse");
  if (run.link) classes.push("linked");
  return classes.join(" ");
}

/** Colours and lines in CSS. */
function runStyle(run, attributes) {
  let fg = cssColor(run.fg);
  let bg = cssColor(run.bg);
  const inverse = attributes & ATTRIBUTE.inverse;
  if (inverse) [fg, bg] = [bg ?? "var(--screen-bg)", fg ?? "var(--screen-fg)"];
  if (attributes & ATTRIBUTE.dim) fg = `color-mix(in srgb, ${fg ?? "var(--screen-fg)"} 58%, ${bg ?? "var(--screen-bg)"})`;
  if (attributes & ATTRIBUTE.hidden) fg = "transparent";
  let style = "";
  if (fg) style += `color:${fg};`;
  if (bg) style += `background-color:${bg};`;
  const lines = [];
  if (run.underline) lines.push("underline");
  if (attributes & ATTRIBUTE.strike) lines.push("line-through");
  if (lines.length > 0) style += `text-decoration-line:${lines.join(" ")};`;
  if (run.underline > 1) style += `text-decoration-style:${UNDERLINES[run.underline] ?? "solid"};`;
  const underline = run.underline ? cssColor(run.underline_color) : null;
  if (underline) style += `text-decoration-color:${underline};`;
  return style;
}

/** Characters beside ASCII: neighbours that need the same letter spacing share a span. */
function appendCells(span, run, attributes, metrics) {
  const bold = (attributes & ATTRIBUTE.bold) !== 0;
  const italic = (attributes & ATTRIBUTE.italic) !== 0;
  const cells = runCells(run);
  let group = null;
  const flush = () => {
    if (group) span.append(groupNode(group, metrics));
    group = null;
  };
  for (const cell of cells) {
    const glyph = glyphBackground(cell.text);
    const single = glyph === null && cell.text.length > 2;
    const spacing = glyph === null && !single ? metrics.spacingOf(cell.text, cell.cols, bold, italic) : 0;
    const joins = group && group.glyph === glyph && !single && !group.single
      && group.spacing === spacing && (glyph === null || glyph.repeats);
    if (!joins) {
      flush();
      group = { text: "", cols: 0, glyph, single, spacing };
    }
    group.text += cell.text;
    group.cols += cell.cols;
  }
  flush();
}

function groupNode(group, metrics) {
  const { text, glyph, spacing } = group;
  if (glyph === null && !group.single && spacing === metrics.spacing) return document.createTextNode(text);
  const span = document.createElement("span");
  span.textContent = text;
  if (glyph === null && !group.single) {
    span.style.letterSpacing = `${spacing}px`;
    return span;
  }
  // A drawn character, or a cluster whose parts a font may not join: a box of its cells.
  span.className = glyph === null ? "cell" : "cell glyph";
  span.style.width = `${group.cols * metrics.cellWidth}px`;
  if (glyph !== null) span.style.background = glyph.css;
  return span;
}
