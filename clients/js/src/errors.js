// The one error class of the client.

/**
 * Why an operation failed.
 *
 * `code` is one of the protocol's codes (`invalid`, `forbidden`, `not_found`, `limit`, `conflict`, `refused`,
 * `ended`, `skipped`, `no_screen`, `system`, `cancelled`), or one of the client's own: `unauthorized` (the token
 * is missing, unknown, expired or revoked), `unreachable` (no connection came about), `disconnected` (the
 * connection broke before the reply), `closed` (the client was closed), `protocol` (the two sides do not
 * understand each other).
 */
export class OrchflowError extends Error {
  constructor(code, message, details = {}) {
    super(message || code);
    this.name = "OrchflowError";
    this.code = code;
    Object.assign(this, details);
  }
}
