// 20,000 messages with failing handlers, while connections are killed and the consumer is stopped and started: none is lost,
// and none is acknowledged that was not handled.
import { setTimeout as sleep } from "node:timers/promises";
import { Consumer, deadLetter, retry } from "millrace";
import { type RabbitMessage, RabbitRunner } from "millrace/rabbitmq";
import { expect, test } from "vitest";
import { type QueueType, TestQueues } from "./support/test-queues.js";

const MESSAGES = 20_000;
const DEAD_EVERY = 200;
const HANDLER_MS = 12;

/** What the handlers have seen, by the messages' bodies. */
class Ledger {
  /** Handled so that the message may be acknowledged. */
  readonly done = new Set<string>();
  readonly dead = new Set<string>();
  calls = 0;

  async handle(body: string): Promise<unknown> {
    this.calls += 1;
    await sleep(HANDLER_MS);
    const number = Number(body);
    // By the calls and not by the attempt, which a killed connection may raise as well.
    if (number % 7 === 0 && this.calls % 3 === 0) throw new Error("on purpose");
    if (number % 11 === 0 && this.calls % 5 === 0) return retry({ afterSeconds: 0.05 });
    if (number % DEAD_EVERY === 0) {
      this.dead.add(body);
      return deadLetter("on purpose");
    }
    this.done.add(body);
    return undefined;
  }
}

test.for<QueueType>(["classic", "quorum"])("%s: nothing is lost while connections are killed", async (type) => {
  await using queues = await TestQueues.open();
  const { queue, dead } = await queues.declareWithDeadLetters(type);
  const bodies = Array.from({ length: MESSAGES }, (_, index) => String(index));
  await queues.send(queue, bodies);

  const ledger = new Ledger();
  const runner = new RabbitRunner({ url: queues.broker.url, queue, hasDeadLetterExchange: true });
  const consumer = new Consumer<RabbitMessage>(({ content }) => ledger.handle(content.toString()), {
    runner,
    concurrency: 40,
    retry: () => retry(),
  });
  const emptied = untilEmpty(queues, queue);

  let isOver = false;
  let kills = 0;
  await consumer.start();
  const disturbing = (async () => {
    while (!isOver) {
      const received = new Promise((resolve) => consumer.once("received", resolve));
      await queues.control("close_all_connections", "killed by a test");
      kills += 1;
      await Promise.race([received, emptied]); // It has connected again by itself.
      if (kills % 2 === 0) continue;
      await consumer.stop({ timeoutMs: kills % 3 === 0 ? 0 : 1_000 });
      await consumer.start();
    }
  })();
  await emptied;
  isOver = true;
  await disturbing;
  const { counters } = consumer.stats();
  await consumer.stop();

  expect(kills).toBeGreaterThan(4);
  expect(counters.revoked).toBeGreaterThan(0);
  // Whatever is gone from the queue was handled: it is done, or among the dead letters.
  expect(await readAll(dead)).toEqual(ledger.dead);
  expect(ledger.done.size + ledger.dead.size).toBe(MESSAGES);
  expect(ledger.calls).toBeGreaterThan(MESSAGES);
});

/** Resolves when the queue holds nothing, not even unacknowledged. */
async function untilEmpty(queues: TestQueues, queue: string): Promise<void> {
  for (;;) {
    const { ready, unacknowledged } = await queues.count(queue);
    if (ready + unacknowledged === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function readAll(queue: string): Promise<Set<string>> {
  await using queues = await TestQueues.open(); // The connection of the others was killed.
  const bodies = new Set<string>();
  for (;;) {
    const message = await queues.channel.get(queue, { noAck: true });
    if (message === false) return bodies;
    bodies.add(message.content.toString());
  }
}
