// Loads the addon. Each thread that loads this module has a class of engines of its own.

"use strict";

const { OrchflowError } = require("./errors.js");

function load() {
  try {
    return require("../build/Release/orchflow.node");
  } catch (error) {
    const hint = error.code === "MODULE_NOT_FOUND"
      ? "the addon is not built: run `npm rebuild orchflow`"
      : "the addon cannot be loaded; if liborchflow.so is missing, install it or build with ORCHFLOW_STATIC=1";
    throw new Error(`orchflow: ${hint} (${error.message})`, { cause: error });
  }
}

module.exports = load().start(OrchflowError);
