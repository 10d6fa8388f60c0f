// What runs in a thread: loads the handler's module, calls the handler, and says how it has ended.
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { MessagePort } from "node:worker_threads";
import type { Handler } from "../consumer/handler.js";
import { describeThrown, MillraceError } from "../errors.js";
import { isOutcome } from "../runner/outcome.js";
import { findCloneError } from "./cloneable.js";
import { toPortable } from "./portable-error.js";
import type { Answer, FromThread, ThreadCallFacts, ThreadTask } from "./protocol.js";
import { ThreadContext } from "./thread-context.js";

interface HandlerModule {
  readonly default?: unknown;
}

/** The thread's module, once it was loaded. Its handler is the same for every message. */
let handler: Handler | undefined;

/** Does what the main thread asks for. Never rejects: what goes wrong is part of the answer. */
export async function work({ moduleUrl, call, port }: ThreadTask): Promise<void> {
  port.postMessage({ kind: "started" } satisfies FromThread);
  try {
    handler ??= await loadHandler(moduleUrl);
    const answer: Answer = call === undefined ? { kind: "returned", value: undefined } : await callHandler(call, port);
    tell(port, answer);
  } catch (error) {
    port.postMessage({ kind: "threw", error: toPortable(error) } satisfies Answer);
  }
}

async function callHandler(call: ThreadCallFacts, port: MessagePort): Promise<Answer> {
  const context = new ThreadContext(call, port);
  try {
    const value: unknown = await handler?.(call.message, context);
    return isOutcome(value) ? { kind: "outcome", outcome: value, isThrown: false } : { kind: "returned", value };
  } catch (error) {
    if (isOutcome(error)) return { kind: "outcome", outcome: error, isThrown: true };
    return { kind: "threw", error: toPortable(error) };
  } finally {
    context.end();
  }
}

/** What a handler returns may be something that cannot be copied. */
function tell(port: MessagePort, answer: Answer): void {
  try {
    port.postMessage(answer);
  } catch (cause) {
    const result = answer.kind === "returned" ? answer.value : answer;
    throw findCloneError(result, "the handler's result", cause) ?? cause;
  }
}

async function loadHandler(moduleUrl: string): Promise<Handler> {
  const module = await importModule(moduleUrl);
  // CommonJS that was compiled from a default export has it one level deeper.
  const exported = [module.default, (module.default as HandlerModule | undefined)?.default];
  const found = exported.find((candidate) => typeof candidate === "function");
  if (found !== undefined) return found as Handler;
  const names = Object.keys(module).filter((name) => name !== "module.exports");
  const others = names.length === 0 ? "nothing" : names.join(", ");
  const text = `${moduleUrl} has no handler: expected a function as its default export. It exports ${others}.`;
  throw new MillraceError("HANDLER_MODULE_INVALID", text);
}

async function importModule(moduleUrl: string): Promise<HandlerModule> {
  try {
    return await importAny(moduleUrl);
  } catch (cause) {
    const text = `${moduleUrl} could not be loaded: ${describeThrown(cause)}`;
    throw new MillraceError("HANDLER_MODULE_INVALID", text, { cause });
  }
}

async function importAny(moduleUrl: string): Promise<HandlerModule> {
  try {
    return (await import(moduleUrl)) as HandlerModule;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_UNKNOWN_FILE_EXTENSION") throw error;
    // TypeScript, in development. On Node 20, tsx teaches threads to require it, but not to import it.
    return createRequire(import.meta.url)(fileURLToPath(moduleUrl)) as HandlerModule;
  }
}
