// Handlers of test modules in real threads, called as a consumer calls them.
import type { HandlerContext } from "millrace";
import { inThreads, type ThreadHandler, type ThreadsOptions } from "millrace/threads";
import type { Wish } from "./thread-modules/wishes.js";

/** A handler of one of the modules beside this file. Threads learn TypeScript from tsx, as the test runner's do not. */
export function handlerOf<Message = Wish>(module: string, options: ThreadsOptions = {}): ThreadHandler<Message> {
  return inThreads<Message>(new URL(`./thread-modules/${module}`, import.meta.url), {
    maxThreads: 2,
    execArgv: ["--import", "tsx"],
    ...options,
  });
}

/** The context of a message that nobody times. */
export function contextWith(parts: Partial<HandlerContext> = {}): HandlerContext {
  return {
    signal: new AbortController().signal,
    attempt: 1,
    groupId: undefined,
    receivedAt: new Date(),
    resource: undefined,
    extend: () => Promise.resolve(),
    ...parts,
  };
}
