#!/usr/bin/env node
// A judge of screens: xterm.js without a window.
//
//   npm ci                                      (once, in this folder)
//   node xterm.mjs [--cells] [--old-widths] RECORDING.rec|FOLDER ...
//
// Prints one JSON object per recording and line: see README.md for its fields.

import { readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import headless from '@xterm/headless';
import unicode11 from '@xterm/addon-unicode11';

const SCROLLBACK_SHOWN = 200;

function recordings(paths) {
  return paths.flatMap((path) =>
    statSync(path).isDirectory()
      ? readdirSync(path).filter((name) => name.endsWith('.rec')).sort().map((name) => join(path, name))
      : [path]);
}

// The bytes in parts, each with the size that the terminal has while they arrive.
function load(path) {
  const bytes = readFileSync(path);
  const [first, ...rest] = readFileSync(path.replace(/\.rec$/, '.txt'), 'utf8').trim().split('\n');
  const size = (text) => text.split('x').map(Number);
  const parts = [];
  let start = 0;
  let current = size(first);
  for (const line of rest) {
    const [word, offset, next] = line.split(' ');
    if (word !== 'resize') throw new Error(`${path}: what is "${line}"?`);
    parts.push([current, bytes.subarray(start, Number(offset))]);
    [start, current] = [Number(offset), size(next)];
  }
  parts.push([current, bytes.subarray(start)]);
  return parts;
}

function text(line) {
  return line ? line.translateToString(true).replace(/ +$/, '') : '';
}

function color(isDefault, isPalette, value) {
  if (isDefault) return 'default';
  return isPalette ? `p${value}` : '#' + value.toString(16).padStart(6, '0');
}

function attributes(cell) {
  const found = {
    fg: color(cell.isFgDefault(), cell.isFgPalette(), cell.getFgColor()),
    bg: color(cell.isBgDefault(), cell.isBgPalette(), cell.getBgColor()),
  };
  if (cell.isBold()) found.bold = true;
  if (cell.isDim()) found.dim = true;
  if (cell.isItalic()) found.italic = true;
  if (cell.isUnderline()) found.underline = true;
  if (cell.isBlink()) found.blink = true;
  if (cell.isInverse()) found.inverse = true;
  if (cell.isStrikethrough()) found.strike = true;
  if (cell.isInvisible()) found.invisible = true;
  return found;
}

const PLAIN = JSON.stringify({ fg: 'default', bg: 'default' });

// Runs of equal attributes: [first column, text, attributes], plain blanks at the end cut.
function runs(line, cols) {
  const found = [];
  for (let col = 0; line && col < cols; col++) {
    const cell = line.getCell(col);
    if (!cell || cell.getWidth() === 0) continue;
    const same = attributes(cell);
    const last = found.at(-1);
    if (last && JSON.stringify(last[2]) === JSON.stringify(same)) last[1] += cell.getChars() || ' ';
    else found.push([col, cell.getChars() || ' ', same]);
  }
  const last = found.at(-1);
  if (last && JSON.stringify(last[2]) === PLAIN) {
    last[1] = last[1].replace(/ +$/, '');
    if (!last[1]) found.pop();
  }
  return found;
}

async function judge(path, options) {
  const parts = load(path);
  const [[cols, rows]] = parts[0];
  const terminal = new headless.Terminal({
    cols,
    rows,
    scrollback: 2000,
    scrollOnEraseInDisplay: true,
    windowOptions: { pushTitle: true, popTitle: true },
    logLevel: 'off',
    allowProposedApi: true,
  });
  if (!options.oldWidths) {
    terminal.loadAddon(new unicode11.Unicode11Addon());
    terminal.unicode.activeVersion = '11';
  }
  let title = '';
  terminal.onTitleChange((text) => { title = text; });
  for (const [[cols, rows], bytes] of parts) {
    if (cols !== terminal.cols || rows !== terminal.rows) terminal.resize(cols, rows);
    await new Promise((done) => terminal.write(bytes, done));
  }
  const { active, normal } = terminal.buffer;
  const screen = Array.from({ length: terminal.rows }, (_, row) => active.getLine(active.baseY + row));
  const first = Math.max(0, normal.baseY - SCROLLBACK_SHOWN);
  const verdict = {
    name: basename(path, '.rec'),
    judge: 'xterm',
    cols: terminal.cols,
    rows: terminal.rows,
    cursor: [active.cursorY, Math.min(active.cursorX, terminal.cols - 1)],
    pending_wrap: active.cursorX >= terminal.cols,
    alternate: active.type === 'alternate',
    title,
    lines: screen.map(text),
    scrollback: Array.from({ length: normal.baseY - first }, (_, row) => text(normal.getLine(first + row))),
  };
  if (options.cells) verdict.cells = screen.map((line) => runs(line, terminal.cols));
  terminal.dispose();
  return verdict;
}

const flags = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const paths = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const options = { cells: flags.includes('--cells'), oldWidths: flags.includes('--old-widths') };
for (const path of recordings(paths)) {
  process.stdout.write(JSON.stringify(await judge(path, options)) + '\n');
}
