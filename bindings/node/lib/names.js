// Names in place of the numbers of orchflow.h. An array is indexed by the number.

"use strict";

const { constants } = require("node:os");

/** Kinds of events (ORCH_EVENT_*). */
const EVENT = {
  FAILURE: 0, OUTPUT: 1, GAP: 2, INPUT_READY: 3, INPUT_TRUNCATED: 4, EXITED: 5, EOF: 6, CLOSED: 7, LOG: 9,
  SHUTDOWN_COMPLETE: 10, SCREEN: 11, SNAPSHOT: 12, CLEARED: 13, DELIVERY_CHANGED: 14, TITLE: 15, CWD: 16, BELL: 17,
  NOTIFICATION: 18, CLIPBOARD: 19, COMMAND_STARTED: 20, COMMAND_FINISHED: 21, WATCH_READY: 22, WATCH_BATCH: 23,
  WATCH_SYNCED: 24, WATCH_WARNING: 25, SLOW_TURN: 28, PROGRESS: 29, HEALTH: 46, RESTART: 47,
};

/** Events of a terminal that are emitted with their value as it is. */
const SAID = {
  [EVENT.TITLE]: "title", [EVENT.CWD]: "cwd", [EVENT.BELL]: "bell", [EVENT.NOTIFICATION]: "notification",
  [EVENT.CLIPBOARD]: "clipboard", [EVENT.COMMAND_STARTED]: "commandStarted",
  [EVENT.COMMAND_FINISHED]: "commandFinished", [EVENT.INPUT_TRUNCATED]: "inputTruncated",
};

const DELIVERY = ["lossless", "lossy", "none", "screen"];
const START = ["default", "oldest", "now", "offset", "resume", "snapshot"];
const MODE = [undefined, "raw", "cooked", "echo", "noEcho"];
const MARK = ["promptStart", "commandStart", "outputStart", "outputEnd"];
const PROGRESS = ["none", "normal", "failed", "indeterminate", "paused"];
const BREAKER = ["closed", "open", "halfOpen"];
const RESTART_STEP = [undefined, "waiting", "started", "givenUp"];
const HEALTH = [undefined, "ok", "degraded", "failed"];
const PART = [undefined, "loop", "memory", "spawning", "terminal", "watch", "listener", "client", "peer"];
const LOG_LEVEL = [undefined, "error", "warn", "info"];
const FILE_TYPE = [undefined, "file", "directory", "symlink", "other"];
const FILE_EVENT = [undefined, "create", "modify", "metadata", "touch", "delete", "rename"];
const WATCH_PROBLEM = [
  null, "unreadable", "outOfWatches", "tooManyEntries", "eventsLost", "rootGone", "refused", "tooManyRules",
  "rootsOverlap", "saveUnusable", "outOfMemory",
];

const TERMINAL_FLAG = {
  running: 1, hungUp: 2, closing: 4, pausedByHost: 8, pausedByReader: 16, pausedByMemory: 32, screen: 64,
  hiddenInput: 256, restarts: 512, givenUp: 1024,
};

/** The number of a name; a TypeError lists the names that there are. */
function numberOf(names, name, what) {
  const number = names.indexOf(name);
  if (name !== undefined && name !== null && number >= 0) return number;
  throw new TypeError(`${what} must be one of ${names.filter(Boolean).join(", ")}, not ${String(name)}`);
}

/** The number of a signal, by its name or as it is. */
function signalNumber(signal) {
  const number = typeof signal === "number" ? signal : constants.signals[signal];
  if (number === undefined) throw new TypeError(`Unknown signal: ${String(signal)}`);
  return number;
}

module.exports = {
  BREAKER, DELIVERY, EVENT, FILE_EVENT, FILE_TYPE, HEALTH, LOG_LEVEL, MARK, MODE, PART, PROGRESS, RESTART_STEP, SAID,
  START, TERMINAL_FLAG, WATCH_PROBLEM, numberOf, signalNumber,
};
