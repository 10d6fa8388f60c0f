// A handler for tests that ends in the way its message asks for. It runs in a thread.
import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread, threadId } from "node:worker_threads";
import {
  ack,
  deadLetter,
  drop,
  type Handler,
  type HandlerContext,
  type Message,
  OptionError,
  release,
  retry,
} from "millrace";

/** What a message asks for; one from SQS has it as JSON in its body. */
export interface Wish {
  readonly kind: string;
  readonly value?: unknown;
  readonly ms?: number;
}

type Granted = (wish: Wish, context: HandlerContext) => unknown;

/** Computes, so that the thread hears of nothing. */
function compute(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** Runs in a process of its own: makes the file, and ends when that is removed. */
const UNTIL_REMOVED = `
  fs.writeFileSync(process.argv[1], "");
  setInterval(() => fs.existsSync(process.argv[1]) || process.exit(), 5);
  setTimeout(() => process.exit(), 60_000);
`;

/** Is in a native call as long as the file is there, so that the thread cannot even be ended. */
function block(file: string): void {
  spawnSync(process.execPath, ["-e", UNTIL_REMOVED, file]);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
}

const wishes: Readonly<Record<string, Granted>> = {
  value: ({ value }) => value,
  where: () => ({ isMainThread, threadId }),
  context: (_wish, { attempt, groupId, receivedAt, resource }) => ({ attempt, groupId, receivedAt, resource }),
  compute: ({ ms = 0 }) => compute(ms),
  sleep: ({ ms }) => sleep(ms),
  block: ({ value }) => block(String(value)),
  ack: ({ value }) => ack(value),
  retry: () => retry({ afterSeconds: 7 }),
  retryWithPause: () => retry({ afterSeconds: 7, pause: "queue" }),
  release: () => release(),
  drop: () => drop("a duplicate"),
  deadLetter: () => {
    // oxlint-disable-next-line only-throw-error -- outcomes may be thrown
    throw deadLetter("no such customer");
  },
  throw: () => {
    const cause = Object.assign(new RangeError("inner"), { code: "E_INNER" });
    throw Object.assign(new TypeError("outer", { cause }), { code: "E_OUTER", attempts: 3 });
  },
  throwOurs: () => {
    throw new OptionError("size", "a number", "many");
  },
  throwText: () => {
    // oxlint-disable-next-line only-throw-error -- anything can be thrown
    throw "text";
  },
  returnFunction: () => ({ done: true, hooks: [() => undefined] }),
  ackFunction: () => ack({ again: () => undefined }),
  untilAborted: async (_wish, { signal }) => {
    await aborted(signal);
    throw signal.reason;
  },
  cleanUp: async (_wish, { signal }) => {
    await aborted(signal);
    return drop(`cleaned up after ${(signal.reason as { readonly code: string }).code}`);
  },
  ignoreSignal: async () => {
    for (;;) await sleep(1_000);
  },
  loop: () => {
    for (;;);
  },
  extend: async ({ value }, { extend }) => {
    await extend(value as number);
    return "extended";
  },
  exit: () => process.exit(3),
  uncaught: async () => {
    setImmediate(() => {
      throw new Error("nobody catches this");
    });
    await sleep(60_000);
  },
  uncaughtLater: () => {
    setTimeout(() => {
      throw new Error("later");
    }, 20);
  },
  memory: () => {
    const held: unknown[] = [];
    for (;;) held.push(Array.from({ length: 1_000 }, () => Math.random()));
  },
};

const grant: Handler<Wish & Message> = (message, context) => {
  const wish = message.Body === undefined ? message : (JSON.parse(message.Body) as Wish);
  const granted = wishes[wish.kind];
  if (granted === undefined) throw new Error(`there is no wish ${wish.kind}`);
  return granted(wish, context);
};

export default grant;
