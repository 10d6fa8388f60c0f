// One tenant with 100,000 messages, and fifty with one a second each: the fifty see what they would see alone.
import { PoolWorker, type TenantOptions } from "millrace";
import { seededRandom } from "millrace/testing";
import { describe, expect, it } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

const SECONDS = 60;
const QUIET_TENANTS = 50;
const SLOTS = 20;

interface Run {
  /** From being sent to the start of the handler, in milliseconds, in order. */
  readonly waits: number[];
  readonly noisyDone: number;
  readonly counts: SimulatedQueue["counts"];
}

/** A minute of messages of quiet tenants at random moments, beside so many of a noisy one. */
async function run(noisy: number, tenants: TenantOptions | undefined): Promise<Run> {
  const queue = await SimulatedQueue.create();
  await queue.send(noisy, { MessageGroupId: "noisy" });
  Object.assign(queue.sqs.faults, { latencyMs: 20 });
  const waits: number[] = [];
  let noisyDone = 0;
  const worker = new PoolWorker({ maxWorkers: SLOTS, tenants });
  const consumer = queue.consume(
    async ({ Body = "", Attributes }) => {
      if (Attributes?.["MessageGroupId"] !== "noisy") waits.push(queue.clock.now() - Number(Body));
      await queue.work(50);
      if (Attributes?.["MessageGroupId"] === "noisy") noisyDone += 1;
    },
    { worker },
  );
  await queue.clock.runUntil(consumer.start());
  const random = seededRandom(3);
  const endAt = queue.clock.now() + SECONDS * 1_000;
  for (let sent = 0; queue.clock.now() < endAt; sent += 1) {
    await queue.clock.advance((-1_000 / QUIET_TENANTS) * Math.log(1 - random()));
    const entry = {
      Id: "1",
      MessageBody: String(queue.clock.now()),
      MessageGroupId: `tenant-${sent % QUIET_TENANTS}`,
    };
    void queue.sqs.sendMessageBatch({ QueueUrl: queue.url, Entries: [entry] });
  }
  const { counts } = queue;
  expect(consumer.reported).toEqual([]);
  await queue.clock.runUntil(consumer.stop());
  return { waits: waits.toSorted((one, other) => one - other), noisyDone, counts };
}

function percentile(values: readonly number[], part: number): number {
  return values[Math.floor(part * values.length)] ?? Number.NaN;
}

describe("fifty quiet tenants beside a noisy one", () => {
  it("wait no longer than alone, and the noisy one makes full use of its limit", async () => {
    const limit = { maxRunning: SLOTS / 2, maxSentBack: 100_000 };
    const alone = await run(0, limit);
    const beside = await run(100_000, limit);
    expect(alone.waits.length).toBeGreaterThan(0.9 * SECONDS * QUIET_TENANTS);
    expect(Math.abs(beside.waits.length - alone.waits.length)).toBeLessThan(5);
    expect(percentile(beside.waits, 0.99)).toBeLessThan(1.2 * percentile(alone.waits, 0.99));
    // Ten at a time, 50 ms each: 200 a second.
    expect(beside.noisyDone).toBeGreaterThan(0.95 * 200 * SECONDS);
    expect(beside.counts.visible + beside.counts.inFlight).toBeLessThan(100_000 - beside.noisyDone + 100);
  });

  it("wait behind it where they share nothing out", async () => {
    const beside = await run(20_000, undefined);
    const alone = await run(0, undefined);
    expect(percentile(beside.waits, 0.99)).toBeGreaterThan(2 * percentile(alone.waits, 0.99));
  });
});
