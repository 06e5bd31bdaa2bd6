// A client of OrchFlow servers, for browsers and Node. The protocol is that of docs/PROTOCOL.md.

export { fromBytes, toBytes, toText } from "./bytes.js";
export { Client } from "./client.js";
export { parseAddress } from "./connection.js";
export { OrchflowError } from "./errors.js";
