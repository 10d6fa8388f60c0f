// What a handler keeps over many messages is made ready before the first and ended after the last, in each life anew.
import { Consumer, type Handler, MemoryRunner, type Message, withSchema } from "millrace";
import { VirtualClock } from "millrace/testing";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { hostOf, traitsOf, withTraits } from "../../../src/consumer/handler-life.js";
import { SimulatedQueue } from "../../support/simulated-queue.js";

/** A handler that notes its life. */
function createKeeper(log: string[], { prepare = async () => {} }: { prepare?: () => Promise<void> } = {}): Handler {
  const end = async (): Promise<void> => void log.push("end");
  const handler: Handler = (_message, context) => {
    hostOf(context)?.onStop(end);
    log.push("handle");
  };
  return withTraits(handler, {
    concurrency: 3,
    async prepare(host) {
      host.onStop(end);
      log.push("prepare");
      await prepare();
    },
  });
}

describe("a handler that keeps something", () => {
  it("is prepared once a life, and ended once, after the last message", async () => {
    const log: string[] = [];
    const queue = await SimulatedQueue.create({ messages: 2 });
    const consumer = queue.consume(createKeeper(log));
    for (let life = 0; life < 2; life += 1) {
      await queue.clock.runUntil(consumer.start());
      await queue.clock.advance(100);
      await queue.clock.runUntil(consumer.stop());
    }
    expect(log).toEqual(["prepare", "handle", "handle", "end", "prepare", "end"]);
  });

  it("is ended under a wrapper of the user's, too", async () => {
    const log: string[] = [];
    const keeper = createKeeper(log);
    const queue = await SimulatedQueue.create({ messages: 1 });
    const consumer = queue.consume((message, context) => keeper(message, context));
    await queue.clock.runUntil(consumer.start());
    await queue.clock.advance(100);
    await queue.clock.runUntil(consumer.stop());
    expect(log).toEqual(["handle", "end"]);
  });

  it("learns that nothing may be kept any more when the consumer has stopped", async () => {
    const log: string[] = [];
    const queue = await SimulatedQueue.create({ messages: 1 });
    let keep = (): boolean | undefined => undefined;
    const consumer = queue.consume((_message, context) => {
      keep = () => hostOf(context)?.onStop(() => void log.push("end"));
    });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.advance(100);
    await queue.clock.runUntil(consumer.stop());
    expect([keep(), log]).toEqual([false, []]);
  });

  it("keeps the consumer from starting when it cannot be made ready, and is ended", async () => {
    const log: string[] = [];
    const cause = new Error("not today");
    const keeper = createKeeper(log, { prepare: () => Promise.reject(cause) });
    const queue = await SimulatedQueue.create({ messages: 1 });
    const consumer = queue.consume(keeper);
    await expect(queue.clock.runUntil(consumer.start())).rejects.toBe(cause);
    expect([consumer.state, log]).toEqual(["stopped", ["prepare", "end"]]);
  });

  it("does not keep the consumer from stopping when its end fails: that is reported", async () => {
    const cause = new Error("no");
    const queue = await SimulatedQueue.create({ messages: 1 });
    const consumer = queue.consume((_message, context) => {
      hostOf(context)?.onStop(() => {
        throw cause;
      });
    });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.advance(100);
    const result = await queue.clock.runUntil(consumer.stop());
    expect([result.isDrained, consumer.state]).toEqual([true, "stopped"]);
    expect(consumer.reported).toMatchObject([{ code: "INTERNAL", cause }]);
  });
});

describe("how many run at once", () => {
  /** How many of ten handlers run at once that do not end. */
  async function mostAtOnce(handler: Handler, options: { concurrency?: number }): Promise<number> {
    const clock = new VirtualClock();
    const runner = new MemoryRunner({ clock });
    let running = 0;
    const waiting: Handler = async (_message, { signal }) => {
      running += 1;
      await new Promise((resolve) => {
        signal.addEventListener("abort", resolve);
      });
    };
    const consumer = new Consumer(withTraits(waiting, traitsOf(handler)), { runner, clock, ...options });
    for (let job = 0; job < 20; job += 1) runner.enqueue(job);
    await clock.runUntil(consumer.start());
    await clock.advance(100);
    await clock.runUntil(consumer.stop({ timeoutMs: 0 }));
    return running;
  }

  it("is what the handler says, unless the user says it", async () => {
    const keeper = createKeeper([]);
    expect(await mostAtOnce(keeper, {})).toBe(3);
    expect(await mostAtOnce(keeper, { concurrency: 5 })).toBe(5);
    expect(await mostAtOnce(() => undefined, {})).toBe(10);
  });

  it("is passed on by withSchema", () => {
    const keeper = createKeeper([]);
    const validated: Handler<Message> = withSchema(z.unknown(), keeper);
    expect(traitsOf(validated)).toBe(traitsOf(keeper));
    expect(traitsOf(withSchema(z.unknown(), () => undefined))).toBeUndefined();
  });
});
