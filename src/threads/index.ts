// The door of millrace/threads: handlers in worker threads, for work that computes.
export { inThreads, type ThreadHandler } from "./in-threads.js";
export type { ThreadsOptions } from "./options.js";
