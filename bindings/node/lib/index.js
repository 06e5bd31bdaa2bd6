// The engine inside Node. `spawn` takes the place of node-pty's; `Engine` has everything else.

"use strict";

const { Engine, defaultEngine } = require("./engine.js");
const { OrchflowError } = require("./errors.js");
const { version } = require("./native.js");
const { Pty, spawn } = require("./pty.js");
const { Reader, Terminal } = require("./terminal.js");
const { Watch } = require("./watch.js");

module.exports = { Engine, OrchflowError, Pty, Reader, Terminal, Watch, defaultEngine, spawn, version };
