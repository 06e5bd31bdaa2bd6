#!/usr/bin/env node
// A judge of screens: xterm.js without a window.
//
//   npm ci                                      (once, in this folder)
//   node xterm.mjs [--cells] [--old-widths] RECORDING.rec|FOLDER|CASES ...
//
// Prints one JSON object per recording or case and line: see README.md for its fields. CASES is a file of
// `streams.py`.

import { readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import headless from '@xterm/headless';
import unicode11 from '@xterm/addon-unicode11';

const SCROLLBACK_SHOWN = 200;

// Name and parts of each recording and case.
function* played(paths) {
  for (const path of paths) {
    if (statSync(path).isDirectory()) {
      const names = readdirSync(path).filter((name) => name.endsWith('.rec')).sort();
      yield* played(names.map((name) => join(path, name)));
    } else if (path.endsWith('.rec')) {
      yield [basename(path, '.rec'), load(path)];
    } else {
      for (const line of readFileSync(path, 'utf8').trim().split('\n')) yield parseCase(line);
    }
  }
}

// A case of `streams.py`: its name, then sizes and output as hexadecimal digits.
function parseCase(line) {
  const [name, ...words] = line.split(' ');
  const parts = [];
  for (let at = 0; at < words.length; at += 2) {
    parts.push([parseSize(words[at]), Buffer.from(words[at + 1], 'hex')]);
  }
  return [name, parts];
}

function parseSize(text) {
  return text.split('x').map(Number);
}

// The bytes in parts, each with the size that the terminal has while they arrive.
function load(path) {
  const bytes = readFileSync(path);
  const [first, ...rest] = readFileSync(path.replace(/\.rec$/, '.txt'), 'utf8').trim().split('\n');
  const parts = [];
  let start = 0;
  let current = parseSize(first);
  for (const line of rest) {
    const [word, offset, next] = line.split(' ');
    if (word !== 'resize') throw new Error(`${path}: what is "${line}"?`);
    parts.push([current, bytes.subarray(start, Number(offset))]);
    [start, current] = [Number(offset), parseSize(next)];
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

// xterm.js throws out of a timer where it has an error of its own.
function write(terminal, bytes) {
  return new Promise((done, fail) => {
    process.once('uncaughtException', fail);
    terminal.write(bytes, () => {
      process.off('uncaughtException', fail);
      done();
    });
  });
}

async function judge(name, parts, options) {
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
    await write(terminal, bytes);
  }
  const { active, normal } = terminal.buffer;
  const screen = Array.from({ length: terminal.rows }, (_, row) => active.getLine(active.baseY + row));
  const first = Math.max(0, normal.baseY - SCROLLBACK_SHOWN);
  const verdict = {
    name,
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
for (const [name, parts] of played(paths)) {
  try {
    process.stdout.write(JSON.stringify(await judge(name, parts, options)) + '\n');
  } catch (error) {
    console.error(`no verdict on ${name}: xterm.js throws ${error.message}`);
  }
}
