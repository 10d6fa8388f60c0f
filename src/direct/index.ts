// The door of millrace/direct: a client for SQS over undici.
export { type DirectClient, directClient } from "./direct-client.js";
export type { ConfiguredSdkClient, DirectClientOptions, UndiciDispatcher } from "./options.js";
