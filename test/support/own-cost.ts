// What millrace itself costs for a message: measured on a port that answers in no time, with a handler that does nothing.
//
// Promises are counted by async_hooks, which tell of every one that is made, those of `await` included. The port makes one
// for each request, and an async handler at least one for each call: those are not the library's, and are subtracted by
// whoever judges. A bare loop over the same port (receive ten, call the handler ten times, delete ten) is for comparison.
import { createHook } from "node:async_hooks";
import { type Clock, Consumer, type Message, type SqsPort, type Timer } from "millrace";

/** What a run cost for each message. */
export interface Cost {
  readonly cpuMicroseconds: number;
  readonly promises: number;
  readonly timers: number;
  readonly requests: number;
}

export interface CostOptions {
  readonly messages: number;
  readonly concurrency: number;
  readonly handler?: () => unknown;
  /** Counting promises slows everything down: CPU and promises are measured in different runs. */
  readonly countsPromises: boolean;
}

const QUEUE_URL = "https://sqs.us-east-1.amazonaws.com/000000000000/jobs";
const MESSAGES_A_RECEIVE = 10;

/** A port that has so many messages ready, and answers in the same tick. */
class InstantPort implements SqsPort {
  requests = 0;
  deleted = 0;
  #left: number;
  #lastId = 0;

  constructor(messages: number) {
    this.#left = messages;
  }

  receiveMessage(
    { MaxNumberOfMessages }: { MaxNumberOfMessages: number },
    options: { abortSignal?: AbortSignal } = {},
  ): Promise<{ Messages: Message[] }> {
    this.requests += 1;
    const count = Math.min(MaxNumberOfMessages, this.#left);
    this.#left -= count;
    if (count > 0) return Promise.resolve({ Messages: Array.from({ length: count }, () => this.#createMessage()) });
    return new Promise((resolve) => {
      options.abortSignal?.addEventListener("abort", () => resolve({ Messages: [] }));
    });
  }

  deleteMessageBatch({ Entries }: { Entries: Array<{ Id: string }> }): Promise<{ Successful: Array<{ Id: string }> }> {
    this.requests += 1;
    this.deleted += Entries.length;
    return Promise.resolve({ Successful: Entries });
  }

  changeMessageVisibilityBatch(): Promise<never> {
    return Promise.reject(new Error("nothing was to be extended or returned"));
  }

  sendMessageBatch(): Promise<never> {
    return Promise.reject(new Error("nothing was to be sent"));
  }

  #createMessage(): Message {
    this.#lastId += 1;
    const id = String(this.#lastId);
    return { MessageId: id, ReceiptHandle: id, Body: "{}", Attributes: { ApproximateReceiveCount: "1" } };
  }
}

/** The time of this process, and how many timers were set. */
class CountingClock implements Clock {
  timers = 0;

  now(): number {
    return performance.now();
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    this.timers += 1;
    const handle = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(handle) };
  }
}

/** Counts over the middle of a run: neither what a start costs nor what an end does. */
class Meter {
  readonly #first: number;
  readonly #last: number;
  readonly #read: () => Cost;
  #handled = 0;
  #before: Cost | undefined;
  #after: Cost | undefined;

  constructor(messages: number, read: () => Cost) {
    this.#first = Math.floor(messages * 0.2);
    this.#last = Math.floor(messages * 0.9);
    this.#read = read;
  }

  count(): void {
    this.#handled += 1;
    if (this.#handled === this.#first) this.#before = this.#read();
    else if (this.#handled === this.#last) this.#after = this.#read();
  }

  get cost(): Cost {
    const [before, after] = [this.#before, this.#after];
    if (before === undefined || after === undefined) throw new Error("The run has not come to its end");
    const each = (name: keyof Cost): number => (after[name] - before[name]) / (this.#last - this.#first);
    return {
      cpuMicroseconds: each("cpuMicroseconds"),
      promises: each("promises"),
      timers: each("timers"),
      requests: each("requests"),
    };
  }
}

/** What a message costs with a consumer. */
export function measureConsumer(options: CostOptions): Promise<Cost> {
  return measure(options, async ({ port, clock, handler, messages }) => {
    const { concurrency } = options;
    const consumer = new Consumer(handler, { queueUrl: QUEUE_URL, client: port, clock, concurrency, pollGraceMs: 0 });
    const drained = new Promise<void>((resolve) => {
      const watch = setInterval(() => {
        if (port.deleted < messages) return;
        clearInterval(watch);
        resolve();
      }, 1);
    });
    await consumer.start();
    await drained;
    const { isDrained } = await consumer.stop();
    if (!isDrained) throw new Error("Something was left");
  });
}

/** What a message costs with a loop that does nothing but the calls. */
export function measureBareLoop(options: CostOptions): Promise<Cost> {
  return measure(options, async ({ port, handler, messages }) => {
    while (port.deleted < messages) {
      const { Messages } = await port.receiveMessage({ MaxNumberOfMessages: MESSAGES_A_RECEIVE });
      for (const _message of Messages) await handler();
      const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await port.deleteMessageBatch({ Entries });
    }
  });
}

interface Run {
  readonly port: InstantPort;
  readonly clock: CountingClock;
  readonly handler: () => unknown;
  readonly messages: number;
}

async function measure(
  { messages, handler = () => undefined, countsPromises }: CostOptions,
  run: (parts: Run) => Promise<void>,
): Promise<Cost> {
  const port = new InstantPort(messages);
  const clock = new CountingClock();
  let promises = 0;
  const hook = createHook({
    init(_id, type) {
      if (type === "PROMISE") promises += 1;
    },
  });
  const meter = new Meter(messages, () => ({
    cpuMicroseconds: cpuMicroseconds(),
    promises,
    timers: clock.timers,
    requests: port.requests,
  }));
  const counted = (): unknown => {
    meter.count();
    return handler();
  };
  if (countsPromises) hook.enable();
  try {
    await run({ port, clock, handler: counted, messages });
  } finally {
    hook.disable();
  }
  return meter.cost;
}

function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
