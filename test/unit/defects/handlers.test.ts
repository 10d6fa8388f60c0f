// What goes wrong in other consumers around the handler. The numbers are those of docs/known-defects.md.
import {
  type ConsumerEvents,
  constantRetry,
  Consumer,
  deadLetter,
  type HandlerContext,
  MillraceError,
  withSchema,
} from "millrace";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { Gauge, SimulatedQueue } from "../../support/simulated-queue.js";

const EVENT_NAMES: ReadonlyArray<keyof ConsumerEvents> = [
  "started",
  "stopping",
  "stopped",
  "messageStarted",
  "messageFinished",
  "messageFailed",
  "settled",
  "messageRevoked",
  "workerSpawned",
  "workerReleased",
  "received",
  "backedOff",
  "redelivered",
  "leasesExtended",
];

describe("handlers", () => {
  it("21: a rejected handler gives its slot back", async () => {
    const queue = await SimulatedQueue.create({ messages: 100, maxReceiveCount: 1 });
    const gauge = new Gauge();
    const consumer = queue.consume(async ({ Body }) => {
      await gauge.during(() => queue.work(10));
      if (Number(Body) < 100) throw new Error("failed");
    });
    await consumer.start();
    await queue.clock.runUntil(() => gauge.started === 100);
    gauge.most = 0;
    await queue.send(30);
    await queue.clock.runUntil(() => gauge.started === 130 && gauge.now === 0);
    expect(gauge.most).toBe(10);
    await queue.clock.runUntil(consumer.stop());
  });

  it("22: a handler that never ends holds up only its slot, and is reported", async () => {
    const queue = await SimulatedQueue.create({ messages: 91 });
    let done = 0;
    const consumer = queue.consume(async ({ Body }) => {
      await (Body === "0" ? new Promise(() => undefined) : queue.work(100));
      done += 1;
    });
    await consumer.start();
    await queue.clock.advance(1_500);
    expect(done).toBe(90);
    expect(consumer.reported).toEqual([]);
    await queue.clock.advance(299_000);
    expect(consumer.reported.map(({ code }) => code)).toEqual(["HANDLER_OVERDUE"]);
    await queue.clock.runUntil(consumer.stop({ timeoutMs: 0 }));
  });

  it("22: with a time limit, a handler that never ends has its message retried elsewhere", async () => {
    const queue = await SimulatedQueue.create({ messages: 1 });
    const stuck = queue.consume(() => new Promise(() => undefined), {
      concurrency: 1,
      handlerTimeoutMs: 5_000,
      retry: constantRetry({ delaySeconds: 0 }),
    });
    let doneAt: number | undefined;
    await stuck.start();
    const sound = queue.consume(() => void (doneAt = queue.clock.now()));
    await sound.start();
    await queue.clock.advance(10_000);
    expect(stuck.reported.map(({ code }) => code)).toEqual(["HANDLER_STUCK"]);
    // Time limit and grace.
    expect(doneAt).toBe(6_000);
    expect(stuck.stats().running).toBe(1);
    await queue.clock.runUntil(Promise.all([stuck.stop({ timeoutMs: 0 }), sound.stop()]));
  });

  it("23: a handler that is timed out is told, and what it then says counts", async () => {
    const queue = await SimulatedQueue.create({ messages: 1 });
    const reasons: unknown[] = [];
    const consumer = queue.consume(
      async (_message, { signal }) => {
        await new Promise((resolve) => {
          signal.addEventListener("abort", resolve, { once: true });
        });
        reasons.push(signal.reason);
        await queue.work(500);
      },
      { handlerTimeoutMs: 5_000 },
    );
    await consumer.start();
    await queue.clock.advance(60_000);
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toBeInstanceOf(MillraceError);
    expect(reasons[0]).toMatchObject({ code: "HANDLER_TIMEOUT" });
    expect(queue.size).toBe(0);
    expect(consumer.stats().counters).toMatchObject({ timedOut: 1, settled: { ack: 1, retry: 0 } });
    await queue.clock.runUntil(consumer.stop());
  });

  it("23: no twin of a timed-out handler is started beside it in the same process", async () => {
    const queue = await SimulatedQueue.create({ messages: 1 });
    const gauge = new Gauge();
    const consumer = queue.consume(() => gauge.during(() => queue.work(200_000)), {
      handlerTimeoutMs: 5_000,
      retry: constantRetry({ delaySeconds: 0 }),
    });
    await consumer.start();
    await queue.clock.advance(190_000);
    expect(gauge).toMatchObject({ most: 1, started: 1 });
    await queue.clock.advance(60_000);
    expect(gauge).toMatchObject({ most: 1, started: 2 });
    await queue.clock.runUntil(consumer.stop({ timeoutMs: 0 }));
  });

  it("24: listeners that throw or reject fail no message, end no loop and no process", async () => {
    const queue = await SimulatedQueue.create({ messages: 50 });
    const consumer = queue.consume(({ Body }, { attempt }) => {
      if (Body === "0" && attempt === 1) throw new Error("once");
    });
    for (const name of EVENT_NAMES) {
      consumer.on(name, () => {
        throw new Error("thrown");
      });
      consumer.on(name, () => Promise.reject(new Error("rejected")));
    }
    await consumer.start();
    await queue.clock.runUntil(() => queue.size === 0);
    await queue.clock.runUntil(consumer.stop());
    expect(consumer.stats().counters).toMatchObject({ started: 51, failed: 1, settled: { ack: 50 } });
    expect(new Set(consumer.reported.map(({ code }) => code))).toEqual(new Set(["LISTENER_FAILED"]));
  });

  it("24: an error without a listener, and a listener of it that throws, end nothing", async () => {
    for (const listener of [undefined, throwing, () => Promise.reject(new Error("rejected"))]) {
      const queue = await SimulatedQueue.create({ messages: 1 });
      const { url: queueUrl, sqs: client, clock } = queue;
      queue.sqs.faults.script = ({ operation, attempt }) =>
        operation === "ReceiveMessage" && attempt < 4 ? { kind: "reset" } : undefined;
      const consumer = new Consumer(() => undefined, { queueUrl, client, clock });
      if (listener !== undefined) consumer.on("error", listener);
      await consumer.start();
      await clock.runUntil(() => queue.size === 0);
      await clock.runUntil(consumer.stop());
      expect(consumer.stats().counters.errors).toBeGreaterThanOrEqual(3);
    }
  });

  it.each([
    ["a synchronous throw", throwing],
    ["a thrown string", () => rejecting("text")],
    ["a rejected undefined", () => rejecting(undefined)],
    ["a rejected null", () => rejecting(null)],
  ])("25: %s is an ordinary failure", async (_name, fail) => {
    const queue = await SimulatedQueue.create({ messages: 20 });
    const outcomes: string[] = [];
    const consumer = queue.consume((_message, { attempt }) => (attempt === 1 ? fail() : undefined));
    consumer.on("messageFailed", ({ outcome }) => outcomes.push(outcome.kind));
    await consumer.start();
    await queue.clock.runUntil(() => queue.size === 0);
    expect(outcomes).toEqual(Array.from({ length: 20 }, () => "retry"));
    expect(consumer.reported).toEqual([]);
    await queue.clock.runUntil(consumer.stop());
  });

  it.each([
    ["no body", undefined],
    ["a body that is not JSON", "{"],
    ["a body that its schema rejects", '{"id":"seven"}'],
  ])(
    "26: a message with %s is retried until it is a dead letter, and each time its reason is told",
    async (_name, Body) => {
      const queue = await SimulatedQueue.create({ messages: 1, maxReceiveCount: 3 });
      const client = queue.portWith({
        receiveMessage: async (input, options) => {
          const { Messages } = await queue.sqs.receiveMessage(input, options);
          return { Messages: Messages?.map((message) => ({ ...message, Body })) };
        },
      });
      let calls = 0;
      const handler = withSchema(z.object({ id: z.number() }), () => (calls += 1));
      const consumer = queue.consume(handler, { client });
      const reasons: unknown[] = [];
      consumer.on("messageFailed", ({ error }) => reasons.push((error as MillraceError).code));
      await consumer.start();
      await queue.clock.runUntil(() => queue.sqs.counts(queue.deadLetterUrl).visible === 1);
      expect(reasons).toEqual(["MESSAGE_INVALID", "MESSAGE_INVALID", "MESSAGE_INVALID"]);
      expect(calls).toBe(0);
      await queue.clock.runUntil(consumer.stop());
    },
  );

  it("26: a policy that knows the reason moves the message to the dead letters at once", async () => {
    const queue = await SimulatedQueue.create({ messages: 1, maxReceiveCount: 3 });
    const retry = (error: unknown, _context: HandlerContext): ReturnType<typeof deadLetter> =>
      deadLetter((error as Error).message);
    const consumer = queue.consume(
      withSchema(z.object({}), () => undefined),
      { retry },
    );
    await consumer.start();
    await queue.clock.runUntil(() => queue.size === 0);
    const { Messages = [] } = await queue.sqs.receiveMessage({
      QueueUrl: queue.deadLetterUrl,
      MessageAttributeNames: ["All"],
    });
    expect(Messages[0]?.MessageAttributes?.["DeadLetterReason"]?.StringValue).toContain("does not fit its schema");
    await queue.clock.runUntil(consumer.stop());
  });
});

function throwing(): never {
  throw new Error("thrown");
}

function rejecting(reason: unknown): Promise<never> {
  return new Promise((_resolve, reject) => {
    Reflect.apply(reject, undefined, [reason]);
  });
}
