// Connections that come and go: every loss is noticed, and nothing of a connection outlives it.
import { getEventListeners } from "node:events";
import { Consumer, type MillraceError, PoolWorker } from "millrace";
import type { RabbitMessage } from "millrace/rabbitmq";
import { VirtualClock } from "millrace/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { BrokerRunner, SimulatedBroker } from "./simulated-broker.js";

let clock: VirtualClock;
let broker: SimulatedBroker;
let runner: BrokerRunner;
let consumer: Consumer<RabbitMessage>;
let errors: MillraceError[];

beforeEach(() => {
  clock = new VirtualClock();
  broker = new SimulatedBroker(clock);
  runner = new BrokerRunner(broker.connect);
  errors = [];
  consumer = new Consumer<RabbitMessage>(() => undefined, { runner, concurrency: 5, clock });
  consumer.on("error", (error) => void errors.push(error));
});

const codes = (): string[] => errors.map(({ code }) => code);

function listenersOf(signal: AbortSignal | undefined): number {
  return signal === undefined ? 0 : getEventListeners(signal, "abort").length;
}

describe("a loss is noticed", () => {
  test("when it comes with the answer that the queue is there", async () => {
    broker.onConnected = (connection) => {
      const { channel } = connection;
      const checkQueue = channel.checkQueue.bind(channel);
      channel.checkQueue = () => {
        const answer = checkQueue();
        // Both are in one packet: the client works on the second before anybody who awaits the first goes on.
        void answer.then(() => connection.lose(new Error("closed with the answer")));
        return answer;
      };
      broker.onConnected = undefined;
    };
    await clock.runUntil(consumer.start());
    await clock.advance(5_000);
    expect(codes()).toEqual(["NETWORK"]);
    expect(broker.connections.map(({ isOpen }) => isOpen)).toEqual([false, true]);
    broker.last.channel.send("a");
    await clock.runUntil(() => consumer.stats().counters.settled.ack === 1);
  });

  test("when it comes while the channel is opened", async () => {
    broker.onConnected = (connection) => {
      connection.createChannel = async () => {
        connection.lose(new Error("closed with the answer"));
        return connection.channel;
      };
      broker.onConnected = undefined;
    };
    await clock.runUntil(consumer.start());
    await clock.advance(5_000);
    expect(codes()).toEqual(["NETWORK"]);
    expect(broker.last.isOpen).toBe(true);
  });
});

// RabbitMQ takes messages back that are out for too long by cancelling their consumer (4.3 and later), and so does a queue
// whose node is lost. It then ignores what is acknowledged.
test("a consumer that the broker cancels takes its messages with it, as a channel does", async () => {
  const ended: Array<() => void> = [];
  const signals: AbortSignal[] = [];
  consumer = new Consumer<RabbitMessage>(
    (_message, { signal }) => new Promise<void>((resolve) => (signals.push(signal), ended.push(resolve))),
    { runner, concurrency: 5, clock },
  );
  consumer.on("error", (error) => void errors.push(error));
  await clock.runUntil(consumer.start());
  const { channel } = broker.last;
  channel.send("a");
  await clock.runUntil(() => ended.length === 1);
  channel.cancelAll();
  await clock.runUntil(() => signals[0]?.aborted === true);
  expect(signals[0]?.reason).toMatchObject({ code: "LEASE_LOST" });
  ended[0]?.();
  await clock.runUntil(() => broker.connections.length === 2);
  expect(codes().toSorted()).toEqual(["ACKNOWLEDGEMENT_LOST", "CONSUMER_CANCELLED"]);
  expect(channel.said).toEqual([]);
  expect(broker.connections[0]).toMatchObject({ isOpen: false, hasSaidGoodBye: true });

  broker.last.channel.send("a");
  await clock.runUntil(() => ended.length === 2);
  ended[1]?.();
  await clock.runUntil(() => consumer.stats().counters.settled.ack === 1);
  await clock.runUntil(consumer.stop());
  expect([broker.open, clock.pendingTimers]).toEqual([0, 0]);
});

test("a worker of the user's that throws when it is asked for places stops the consumer, and not the process", async () => {
  const worker = new PoolWorker({ maxWorkers: 5 });
  consumer = new Consumer<RabbitMessage>(() => undefined, { runner, worker, clock });
  consumer.on("error", (error) => void errors.push(error));
  const cause = new Error("no places");
  worker.reserve = () => {
    throw cause;
  };
  await clock.runUntil(consumer.start());
  await clock.runUntil(() => consumer.state === "stopped");
  expect(errors).toMatchObject([{ code: "RUNNER_FAILED", cause }]);
  expect([broker.open, clock.pendingTimers]).toEqual([0, 0]);
});

describe("a stop", () => {
  test("says good-bye to the broker", async () => {
    await clock.runUntil(consumer.start());
    await clock.runUntil(consumer.stop());
    expect(broker.last).toMatchObject({ isOpen: false, hasSaidGoodBye: true });
    expect(clock.pendingTimers).toBe(0);
  });

  test("leaves no socket of a connection whose channel has failed, though the broker does not answer it", async () => {
    await clock.runUntil(consumer.start());
    const first = broker.last;
    first.isHanging = true;
    first.channel.lose();
    first.channel.emit("error", Object.assign(new Error("no queue"), { code: 404 }));
    first.channel.emit("close");
    await clock.settle();
    expect(first.isOpen).toBe(true); // Its good-bye is waited for.
    await clock.runUntil(consumer.stop());
    expect(broker.open).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });
});

test("after many reconnections there are no more listeners, timers and sockets than after one", async () => {
  await clock.runUntil(consumer.start());
  const { signal, deadlineSignal } = runner.intake ?? {};
  const before = [listenersOf(signal), listenersOf(deadlineSignal), clock.pendingTimers];
  for (let times = 0; times < 200; times += 1) {
    broker.last.lose(new Error("lost"));
    const { length } = broker.connections;
    await clock.runUntil(() => broker.connections.length > length);
    await clock.advance(10);
  }
  expect([listenersOf(signal), listenersOf(deadlineSignal), clock.pendingTimers]).toEqual(before);
  expect(broker.open).toBe(1);
  broker.last.channel.send("a");
  await clock.runUntil(() => consumer.stats().counters.settled.ack === 1);
  await clock.runUntil(consumer.stop());
  expect([broker.open, clock.pendingTimers, listenersOf(signal), listenersOf(deadlineSignal)]).toEqual([0, 0, 0, 0]);
});
