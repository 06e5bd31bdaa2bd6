// The error of every call that the engine refuses.

"use strict";

class OrchflowError extends Error {
  /**
   * @param {string} code The name of the status in orchflow.h, such as "ORCH_E_STALE_ID".
   * @param {string} message
   * @param {number} errno The error number of the system, 0 if it had no part in it.
   */
  constructor(code, message, errno = 0) {
    super(message);
    this.name = "OrchflowError";
    this.code = code;
    this.errno = errno;
  }
}

module.exports = { OrchflowError };
