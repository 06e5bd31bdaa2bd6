// Rows as cells. A row is { wrapped, runs } as in a message `screen`. A run with as many columns as
// characters (twice as many if it is wide) has one character in each cell; any other run is a single
// cell whose character carries combining marks.

/** The cells of a run: [{ text, cols }]. */
export function runCells(run) {
  const width = run.wide ? 2 : 1;
  const characters = [...run.text];
  if (characters.length * width !== run.cols) return [{ text: run.text, cols: run.cols }];
  return characters.map((text) => ({ text, cols: width }));
}

/** The text of a row as shown, blanks at its end included. */
export function rowText(row) {
  let text = "";
  for (const run of row.runs) text += run.text;
  return text;
}

/** The number of columns that have content. */
export function rowCols(row) {
  let cols = 0;
  for (const run of row.runs) cols += run.cols;
  return cols;
}

/** Whether each run takes one column a UTF-16 unit, so that columns and indices are the same. */
function isPlain(row) {
  return row.runs.every((run) => run.text.length === run.cols);
}

/** The index into `rowText` of the cell at `col`; the end of the text right of it. */
export function indexOfCol(row, col) {
  if (isPlain(row)) return Math.min(Math.max(col, 0), rowCols(row));
  let index = 0;
  let at = 0;
  for (const run of row.runs) {
    for (const cell of runCells(run)) {
      if (col < at + cell.cols) return index;
      at += cell.cols;
      index += cell.text.length;
    }
  }
  return index;
}

/** The column of the cell that contains `index` of `rowText`. */
export function colOfIndex(row, index) {
  if (isPlain(row)) return Math.min(Math.max(index, 0), rowCols(row));
  let at = 0;
  let col = 0;
  for (const run of row.runs) {
    for (const cell of runCells(run)) {
      if (index < at + cell.text.length) return col;
      at += cell.text.length;
      col += cell.cols;
    }
  }
  return col;
}

/** The cell that covers `col`: { text, cols, col, run }, or null right of the text. */
export function cellAt(row, col) {
  let at = 0;
  for (const run of row.runs) {
    if (col >= at + run.cols) {
      at += run.cols;
      continue;
    }
    for (const cell of runCells(run)) {
      if (col < at + cell.cols) return { ...cell, col: at, run };
      at += cell.cols;
    }
  }
  return null;
}

/** Whether two rows look the same. */
export function sameRow(a, b) {
  if (a === b) return true;
  if (a.wrapped !== b.wrapped || a.runs.length !== b.runs.length) return false;
  return a.runs.every((run, index) => sameRun(run, b.runs[index]));
}

function sameRun(a, b) {
  return a === b || (a.text === b.text && a.cols === b.cols && Boolean(a.wide) === Boolean(b.wide)
    && (a.attributes ?? 0) === (b.attributes ?? 0) && (a.underline ?? 0) === (b.underline ?? 0)
    && (a.link ?? null) === (b.link ?? null) && sameColor(a.fg, b.fg) && sameColor(a.bg, b.bg)
    && sameColor(a.underline_color, b.underline_color));
}

function sameColor(a = "default", b = "default") {
  if (typeof a === "string" || typeof b === "string") return a === b;
  if (a.indexed !== undefined) return a.indexed === b.indexed;
  return b.rgb !== undefined && a.rgb.every((part, index) => part === b.rgb[index]);
}
