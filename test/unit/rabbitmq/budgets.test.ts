// Budgets where the broker sends by itself: what it may send is bounded by them, too.
import { Consumer, OptionError, type RunnerConsumerOptions } from "millrace";
import { RabbitRunner, type RabbitMessage } from "millrace/rabbitmq";
import { VirtualClock } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { mostWithin } from "../../support/windows.js";
import { ChannelRunner, SimulatedChannel } from "./simulated-channel.js";

type Options = Omit<Partial<RunnerConsumerOptions<RabbitMessage>>, "runner"> & { maxMessageBytes?: number };

async function start({ maxMessageBytes, ...options }: Options, bodies: readonly string[], workMs: number) {
  const clock = new VirtualClock();
  const channel = new SimulatedChannel(clock);
  channel.send(...bodies);
  const startedAt: number[] = [];
  const handled: string[] = [];
  const consumer = new Consumer<RabbitMessage>(
    ({ content }) => {
      startedAt.push(clock.now());
      handled.push(content.toString());
      return new Promise<void>((resolve) => clock.setTimer(resolve, workMs));
    },
    { runner: new ChannelRunner(channel, { maxMessageBytes }), clock, ...options },
  );
  await clock.runUntil(consumer.start());
  return { clock, channel, consumer, startedAt, handled };
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));

describe("a pause", () => {
  test("takes the broker's credit back; what has come and not started can be had by others", async () => {
    const { clock, channel, consumer, handled } = await start({ concurrency: 5 }, numbered(500), 100);
    await clock.advance(1_050);
    const before = handled.length;
    consumer.pause();
    await clock.advance(50);
    expect([channel.credit, channel.unacknowledged]).toEqual([0, 5]);
    await clock.advance(60_000);
    expect([channel.credit, channel.unacknowledged, handled.length]).toEqual([0, 0, before]);
    // None of them came more than once again.
    const requeued = channel.said.filter(({ what }) => what === "requeue").map(({ body }) => body);
    expect(requeued.length).toBe(new Set(requeued).size);
    consumer.resume();
    await clock.runUntil(() => handled.length === 500);
    expect(new Set(handled).size).toBe(500);
    await clock.runUntil(consumer.stop());
  });

  test("of a queue that is empty: what is sent during it stays in the queue", async () => {
    const { clock, channel, consumer, handled } = await start({ concurrency: 5 }, [], 10);
    consumer.pause();
    await clock.advance(50);
    channel.send(...numbered(3));
    await clock.advance(1_000);
    expect([channel.ready, handled]).toEqual([3, []]);
    consumer.resume();
    await clock.advance(100);
    expect(handled).toEqual(["0", "1", "2"]);
    await clock.runUntil(consumer.stop());
  });
});

test.each([10, 100])("a rate of %d a second is kept, by what the broker may send", async (perSecond) => {
  const options = { concurrency: 50, rate: { perSecond } };
  const { clock, consumer, startedAt } = await start(options, numbered(perSecond * 12), 5);
  await clock.advance(10_000);
  expect(startedAt.length).toBeGreaterThanOrEqual(perSecond * 9.8);
  expect(mostWithin(startedAt, 9_999)).toBeLessThanOrEqual(perSecond * 10.2);
  await clock.runUntil(consumer.stop());
});

describe("a budget of bytes", () => {
  test("bounds what the broker may send", async () => {
    const bodies = numbered(60).map((number) => number.padStart(Number(number) % 2 === 0 ? 1_000 : 100));
    const options = { concurrency: 50, maxInFlightBytes: 4_500, maxMessageBytes: 1_000 };
    const { clock, channel, consumer, handled } = await start(options, bodies, 50);
    let most = 0;
    for (let elapsed = 0; elapsed < 5_000 && handled.length < 60; elapsed += 1) {
      await clock.advance(1);
      most = Math.max(most, consumer.stats().bytesInFlight + channel.credit * 1_000);
    }
    expect(handled).toHaveLength(60);
    expect(most).toBeLessThanOrEqual(4_500);
    expect(most).toBeGreaterThan(3_000);
    await clock.runUntil(consumer.stop());
  });

  test("needs to know how large messages can be", () => {
    const options = { url: "amqp://localhost", queue: "queue" };
    const create = (maxMessageBytes?: number): unknown =>
      new Consumer(() => undefined, {
        runner: new RabbitRunner({ ...options, maxMessageBytes }),
        maxInFlightBytes: 1_000_000,
      });
    expect(() => create()).toThrow(OptionError);
    expect(() => create(0)).toThrow("Option maxMessageBytes: expected a whole number from 1 to 536870912, got 0.");
    expect(() => create(1_000)).not.toThrow();
  });
});
