// What the broker may send is never more than there are places for, and no place is left idle while it has messages.
import { fc } from "@fast-check/vitest";
import { Consumer, type MillraceError, PoolWorker, retry, SemaphoreWorker, type Worker } from "millrace";
import type { RabbitMessage } from "millrace/rabbitmq";
import { seededRandom, VirtualClock } from "millrace/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { ChannelRunner, SimulatedChannel } from "./simulated-channel.js";

let clock: VirtualClock;
let channel: SimulatedChannel;
let errors: MillraceError[];

beforeEach(() => {
  clock = new VirtualClock();
  channel = new SimulatedChannel(clock);
  errors = [];
});

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimer(resolve, delayMs);
  });
}

interface RigOptions {
  readonly worker: Worker;
  readonly handler: (body: string, signal: AbortSignal) => unknown;
  readonly options?: object;
  readonly handlerTimeoutMs?: number;
}

async function start({ worker, handler, options, ...rest }: RigOptions): Promise<Consumer<RabbitMessage>> {
  const consumer = new Consumer<RabbitMessage>(({ content }, context) => handler(content.toString(), context.signal), {
    runner: new ChannelRunner(channel, options),
    worker,
    clock,
    retry: () => retry(),
    ...rest,
  });
  consumer.on("error", (error) => void errors.push(error));
  await clock.runUntil(consumer.start());
  return consumer;
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(index));
}

/** Nothing waits: as many messages may be here as handlers can run. */
const poolWithoutRoom = (maxWorkers: number): PoolWorker => new PoolWorker({ maxWorkers, waitingRoomMs: 0 });

describe("with a fixed number of places", () => {
  test("exactly as many messages are here, as long as the queue has some", async () => {
    const consumer = await start({ worker: poolWithoutRoom(5), handler: () => pause(100) });
    channel.send(...numbered(200));
    await clock.advance(50);
    for (let sample = 0; sample < 20; sample += 1) {
      expect(channel.unacknowledged).toBe(5);
      await clock.advance(102); // A handler, and the way there and back.
    }
    await clock.runUntil(() => channel.unacknowledged + channel.ready === 0);
    expect(channel.mostUnacknowledged).toBe(5);
    expect(consumer.stats().counters.settled.ack).toBeGreaterThan(190);
    expect(channel.consumes).toBe(1);
  });

  test("the option prefetch bounds them further", async () => {
    await start({ worker: poolWithoutRoom(5), handler: () => pause(100), options: { prefetch: 2 } });
    channel.send(...numbered(20));
    await clock.runUntil(() => channel.unacknowledged + channel.ready === 0);
    expect(channel.mostUnacknowledged).toBe(2);
  });

  test("an idle queue is left in peace", async () => {
    await start({ worker: poolWithoutRoom(5), handler: () => undefined });
    await clock.advance(3_600_000);
    expect([channel.consumes, channel.credit]).toEqual([1, 5]);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("with a waiting room", () => {
  test("more messages are here once handlers prove to be quick", async () => {
    await start({ worker: new PoolWorker({ maxWorkers: 5 }), handler: () => pause(10) });
    channel.send(...numbered(5_000));
    await clock.advance(3_000);
    expect(channel.unacknowledged).toBeGreaterThan(100);
    await clock.runUntil(() => channel.unacknowledged + channel.ready === 0);
    expect(errors).toEqual([]);
  });

  test("what was promised to the broker for quick handlers is not kept for slow ones", async () => {
    let handlerMs = 10;
    const consumer = await start({ worker: new PoolWorker({ maxWorkers: 5 }), handler: () => pause(handlerMs) });
    channel.send(...numbered(5_000));
    await clock.runUntil(() => channel.unacknowledged + channel.ready === 0);
    expect(channel.credit).toBeGreaterThan(100);
    channel.send("the last quick one");
    await clock.advance(30_000);
    handlerMs = 60_000;
    channel.send(...numbered(1_000));
    await clock.advance(1_000);
    expect(consumer.stats().running).toBe(5);
    expect(channel.unacknowledged).toBeLessThan(20);
  });

  test("once handlers are slow, their outcomes do not wait for the room to empty", async () => {
    let handlerMs = 10;
    const consumer = await start({ worker: new PoolWorker({ maxWorkers: 5 }), handler: () => pause(handlerMs) });
    channel.send(...numbered(5_000));
    await clock.advance(5_000);
    handlerMs = 5_000;
    await clock.advance(12_000);
    expect(consumer.stats().waiting).toBeGreaterThan(100);
    const { started, settled } = consumer.stats().counters;
    expect(started - settled.ack).toBeLessThanOrEqual(5);
    expect(channel.mostUnacknowledged).toBeLessThan(1_100);
  });
});

test("the outcome of a handler that is stuck is told, though its place stays taken", async () => {
  const worker = poolWithoutRoom(3);
  const stuck = new Set(["stuck"]);
  const handler = (body: string): unknown => (stuck.delete(body) ? new Promise(() => undefined) : pause(10));
  const consumer = await start({ worker, handler, handlerTimeoutMs: 1_000 });
  channel.send("stuck", ...numbered(1_000));
  await clock.runUntil(() => channel.said.some(({ body }) => body === "stuck"), { timeoutMs: 2_500 });
  await clock.advance(500);
  expect(consumer.stats()).toMatchObject({ running: 3, waiting: 0 }); // One of them is the stuck one.
  await clock.runUntil(() => channel.unacknowledged + channel.ready === 0);
  expect(errors.map(({ code }) => code)).toEqual(["HANDLER_STUCK"]);
});

test("a stop has the broker send no more, and returns what it has sent", async () => {
  const consumer = await start({ worker: poolWithoutRoom(4), handler: () => pause(1_000) });
  channel.send(...numbered(10));
  await clock.advance(1_500);
  const { isDrained } = (await clock.runUntil(consumer.stop())) as { isDrained: boolean };
  await clock.advance(10); // What the broker answers to a channel that is closed.
  expect(isDrained).toBe(true);
  expect(channel.said.filter(({ what }) => what === "ack")).toHaveLength(8);
  expect([channel.ready, clock.pendingTimers]).toEqual([2, 0]);
});

test("in a random history, no message comes without a place, and every one is done", async () => {
  const history = fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 }), async (seed) => {
    const random = seededRandom(seed);
    clock = new VirtualClock();
    channel = new SimulatedChannel(clock, 1 + random() * 20);
    errors = [];
    const size = 1 + Math.floor(random() * 8);
    const weight = (): number => 1 + Math.floor(random() * 4);
    const worker =
      random() < 0.5 ? new SemaphoreWorker({ permits: size, weight }) : new PoolWorker({ maxWorkers: size });
    let handlerMs = 50;
    const consumer = await start({
      worker,
      handler: () => (random() < 0.3 ? undefined : pause(random() * handlerMs)),
    });
    for (let burst = 0; burst < 8; burst += 1) {
      channel.send(...numbered(Math.floor(random() * 300)));
      handlerMs = 10 ** (1 + random() * 3);
      await clock.advance(random() * 10_000);
    }
    await clock.runUntil(() => channel.unacknowledged + channel.ready === 0);
    expect(errors).toEqual([]); // A place that was used twice would be an INTERNAL error.
    const { isDrained } = (await clock.runUntil(consumer.stop())) as { isDrained: boolean };
    await clock.advance(50); // What the broker answers to a channel that is closed.
    expect([isDrained, clock.pendingTimers]).toEqual([true, 0]);
  });
  await fc.assert(history, { numRuns: 60 });
});
