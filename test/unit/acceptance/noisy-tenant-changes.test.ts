// A noisy tenant beside quiet ones while things change: its handlers become slow or quick, its limit is a tenth of a message
// a second, a service of its own refuses it, messages have few attempts. The quiet ones do not see it, no message is started
// twice or given up unstarted, and what goes back does not come and go all the time.
import { type HandlerContext, type Message, PoolWorker, retry, type TenantOptions } from "millrace";
import { seededRandom } from "millrace/testing";
import { fc } from "@fast-check/vitest";
import { describe, expect, it, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

interface Scene {
  readonly noisy: number;
  /** Of how many tenants these are. Default: one. */
  readonly noisyTenants?: number;
  readonly tenants: TenantOptions<Message>;
  readonly seconds: number;
  readonly maxReceiveCount?: number;
  /** How long a message of the noisy one takes, by how many seconds have passed. */
  readonly durationMs?: (second: number) => number;
  /** How many of its messages a second its own service takes; it refuses the rest for five seconds. */
  readonly accepted?: number;
}

interface Outcome {
  /** How long messages of quiet tenants have waited, from when the backlog had been gone through. */
  readonly p99Ms: number;
  readonly noisyDone: number;
  readonly mostRunning: number;
  /** How often messages of the noisy one had come when they were started, on average. */
  readonly meanAttempt: number;
  readonly deadLetters: number;
  readonly receives: number;
  readonly size: number;
}

/** Twenty messages a second of quiet tenants beside a noisy one, on twenty slots. */
async function play({
  noisy,
  noisyTenants = 1,
  tenants,
  seconds,
  maxReceiveCount,
  durationMs,
  accepted = Infinity,
}: Scene): Promise<Outcome> {
  const queue = await SimulatedQueue.create(maxReceiveCount === undefined ? {} : { maxReceiveCount });
  for (let index = 0; index < noisyTenants; index += 1) {
    await queue.send(noisy / noisyTenants, { MessageGroupId: `noisy-${index}` });
  }
  Object.assign(queue.sqs.faults, { latencyMs: 20 });
  const { clock } = queue;
  const waits: number[] = [];
  let [done, running, mostRunning, starts, attempts, taken, takenIn] = [0, 0, 0, 0, 0, 0, 0];
  const work = async ({ attempt }: HandlerContext): Promise<unknown> => {
    starts += 1;
    attempts += attempt;
    running += 1;
    mostRunning = Math.max(mostRunning, running);
    await queue.work(durationMs?.(clock.now() / 1_000) ?? 50);
    running -= 1;
    const second = Math.floor(clock.now() / 1_000);
    taken = second === takenIn ? taken + 1 : 1;
    takenIn = second;
    if (taken > accepted) return retry({ afterSeconds: 5, pause: "key" });
    done += 1;
    return undefined;
  };
  const consumer = queue.consume(
    async ({ Body = "" }: Message, context) => {
      if (context.groupId?.startsWith("noisy") === true) return work(context);
      if (clock.now() > 20_000) waits.push(clock.now() - Number(Body));
      return queue.work(50);
    },
    { concurrency: 20, tenants },
  );
  await clock.runUntil(consumer.start());
  const random = seededRandom(3);
  for (let sent = 0; clock.now() < seconds * 1_000; sent += 1) {
    await clock.advance(-50 * Math.log(1 - random()));
    const entry = { Id: "1", MessageBody: String(clock.now()), MessageGroupId: `quiet-${sent}` };
    void queue.sqs.sendMessageBatch({ QueueUrl: queue.url, Entries: [entry] });
  }
  const { receives, size } = queue;
  await clock.runUntil(consumer.stop());
  expect(consumer.reported).toEqual([]);
  return {
    p99Ms: waits.toSorted((one, other) => one - other)[Math.floor(0.99 * waits.length)] ?? Number.NaN,
    noisyDone: done,
    mostRunning,
    meanAttempt: attempts / starts,
    deadLetters: queue.sqs.counts(queue.deadLetterUrl).visible,
    receives,
    size,
  };
}

/** What a receive of one message takes, and a little. */
const ALONE_MS = 45;

describe("quiet tenants do not see it when the noisy one", () => {
  it("becomes a hundred times as slow", async () => {
    const durationMs = (second: number): number => (second < 20 ? 50 : 5_000);
    const outcome = await play({
      noisy: 10_000,
      tenants: { maxRunning: 10 },
      seconds: 300,
      durationMs,
      maxReceiveCount: 5,
    });
    expect(outcome.p99Ms).toBeLessThan(ALONE_MS);
    expect(outcome).toMatchObject({ mostRunning: 10, deadLetters: 0 });
    // 200 a second, then 2 a second.
    expect(outcome.noisyDone).toBeGreaterThan(0.95 * (20 * 200 + 280 * 2));
    expect(outcome.meanAttempt).toBeLessThan(3);
  });

  it("becomes a hundred times as quick, and what it sends then is not behind what was sent back", async () => {
    const durationMs = (second: number): number => (second < 30 ? 5_000 : 50);
    const outcome = await play({
      noisy: 1_000,
      tenants: { maxRunning: 10 },
      seconds: 600,
      durationMs,
      maxReceiveCount: 5,
    });
    expect(outcome.p99Ms).toBeLessThan(ALONE_MS);
    expect(outcome.deadLetters).toBe(0);
    // A thousand messages at two a second are away for 500 s at the most.
    expect(outcome.noisyDone).toBe(1_000);
    expect(outcome.meanAttempt).toBeLessThan(3);
  });

  it("is not alone, and the limits of all the noisy ones together take every slot: a slot is waited for, not the backlog", async () => {
    const scene = { noisy: 3_000, noisyTenants: 2, tenants: { maxRunning: 10 }, seconds: 120, maxReceiveCount: 5 };
    const outcome = await play({ ...scene, durationMs: () => 1_000 });
    expect(outcome.p99Ms).toBeLessThan(3_000);
    expect(outcome).toMatchObject({ deadLetters: 0, mostRunning: 20 });
    expect(outcome.noisyDone).toBeGreaterThan(0.85 * 20 * 120);
    expect(outcome.meanAttempt).toBeLessThan(3);
  });

  it("may start one message in ten seconds", async () => {
    const tenants = { rate: { perSecond: 0.1, burst: 1 } };
    const outcome = await play({ noisy: 50, tenants, seconds: 700, maxReceiveCount: 5 });
    expect(outcome.p99Ms).toBeLessThan(ALONE_MS);
    expect(outcome.deadLetters).toBe(0);
    expect(outcome.noisyDone).toBe(50);
  });

  it("is refused by a service of its own", async () => {
    const outcome = await play({ noisy: 5_000, tenants: { maxRunning: 10 }, seconds: 200, accepted: 20 });
    expect(outcome.p99Ms).toBeLessThan(ALONE_MS);
    // It runs for a fraction of a second, and is paused for five.
    expect(outcome.noisyDone).toBeGreaterThan(20 * (200 / 6));
    // What is away does not come at each end of a pause, but for what went before there was a second one.
    expect(outcome.meanAttempt).toBeLessThan(4);
    expect(outcome.receives).toBeLessThan(20 * 200 + 4 * (5_000 / 10) * 3);
  });

  it("has more away than its pace can work off in time: none is given up unstarted", async () => {
    const tenants = { maxRunning: 1, maxAwayMs: 10_000, keepFromAttempt: 3 };
    const outcome = await play({ noisy: 300, tenants, seconds: 400, durationMs: () => 1_000, maxReceiveCount: 3 });
    expect(outcome.deadLetters).toBe(0);
    expect(outcome.noisyDone).toBe(300);
    expect(outcome.p99Ms).toBeLessThan(ALONE_MS);
  });
});

/** The most starts of one tenant within any two seconds. */
function mostStartsInTwoSeconds(ofTenants: ReadonlyArray<readonly number[]>): number {
  const counts = ofTenants.flatMap((times) =>
    times.map((time, index) => times.slice(index).filter((other) => other <= time + 2_000).length),
  );
  return Math.max(...counts);
}

const runs = fc.record({
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  tenants: fc.integer({ min: 1, max: 8 }),
  messages: fc.integer({ min: 1, max: 250 }),
  maxRunning: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  perSecond: fc.option(fc.constantFrom(0.5, 3, 50), { nil: undefined }),
  maxSentBack: fc.constantFrom(0, 5, 20_000),
  maxWaitMs: fc.constantFrom(100, 1_000, 10_000),
  waitingRoom: fc.constantFrom(0, 10, 1_000),
  failureChance: fc.constantFrom(0, 0.1),
  pauseChance: fc.constantFrom(0, 0.05),
  /** Stops, starts anew, and changes what there is in between. */
  turns: fc.array(fc.constantFrom("restart", "resize", "update"), { maxLength: 4 }),
});

test("a tenant that was paused once, at its beginning, is worked off at its full pace after that", async () => {
  const queue = await SimulatedQueue.create();
  await queue.send(1_500, { MessageGroupId: "a" });
  Object.assign(queue.sqs.faults, { latencyMs: 20 });
  let starts = 0;
  const handler = async (): Promise<unknown> => {
    starts += 1;
    const isFiftieth = starts === 50;
    await queue.work(50);
    return isFiftieth ? retry({ afterSeconds: 2, pause: "key" }) : undefined;
  };
  const consumer = queue.consume(handler, { concurrency: 10, tenants: { maxRunning: 5 } });
  await queue.clock.runUntil(consumer.start());
  await queue.clock.runUntil(() => queue.size === 0);
  // A hundred a second, and the pause.
  expect(queue.clock.now()).toBeLessThan(1.2 * 17_000);
  await queue.clock.runUntil(consumer.stop());
});

test("whatever the limits, failures, pauses, restarts and changes: every message is worked on, none at once with itself", async () => {
  const property = fc.asyncProperty(
    runs,
    async ({
      seed,
      tenants,
      messages,
      maxRunning,
      perSecond,
      failureChance,
      pauseChance,
      turns,
      waitingRoom,
      ...limits
    }) => {
      const random = seededRandom(seed);
      const queue = await SimulatedQueue.create({ seed, faults: { latencyMs: [1, 30], reordering: 0.1 } });
      const { clock } = queue;
      for (let index = 0; index < messages; index += 1) {
        await queue.send(1, { MessageGroupId: `tenant-${Math.floor(tenants * random() ** 3)}` });
      }
      const rate = perSecond === undefined ? undefined : { perSecond, burst: 2 };
      const options = { ...limits, maxRunning, rate };
      const worker = new PoolWorker({ maxWorkers: 5, waitingRoom, tenants: options });
      const running = new Map<string, string>();
      const starts = new Map<string, number[]>();
      const done = new Set<string>();
      const violations: string[] = [];
      let limit = maxRunning ?? Infinity;
      const consumer = queue.consume(
        async ({ Body = "" }, { groupId = "" }) => {
          if (running.has(Body) || done.has(Body)) violations.push(`${Body} was started again`);
          running.set(Body, groupId);
          const ofTenant = [...running.values()].filter((tenant) => tenant === groupId).length;
          if (ofTenant > limit) violations.push(`${ofTenant} of ${groupId} at once`);
          starts.set(groupId, [...(starts.get(groupId) ?? []), clock.now()]);
          await queue.work(random() < 0.1 ? 2_000 * random() : 50 * random());
          running.delete(Body);
          if (random() < pauseChance) return retry({ afterSeconds: 3, pause: "key" });
          if (random() < failureChance) throw new Error("a failure");
          done.add(Body);
          return undefined;
        },
        { worker },
      );
      await clock.runUntil(consumer.start());
      for (const turn of turns) {
        await clock.advance(3_000 * random());
        if (turn === "resize") worker.resize({ maxWorkers: 1 + Math.floor(8 * random()) });
        if (turn === "update") {
          limit = Math.max(limit, 6);
          worker.update({ tenants: { ...options, maxRunning: 6 } });
        }
        if (turn === "restart") {
          await clock.runUntil(consumer.stop({ timeoutMs: 60_000 }));
          if (clock.pendingTimers > 0) violations.push("timers are left after a stop");
          await clock.runUntil(consumer.start());
        }
      }
      await clock.runUntil(() => queue.size === 0);
      await clock.runUntil(consumer.stop());
      expect(violations).toEqual([]);
      expect(done.size).toBe(messages);
      expect(worker.stats()).toMatchObject({ running: 0, waiting: 0, workers: 0 });
      expect(clock.pendingTimers).toBe(0);
      expect(mostStartsInTwoSeconds([...starts.values()])).toBeLessThanOrEqual(
        2 + Math.ceil(2 * (perSecond ?? Infinity)),
      );
    },
  );
  await fc.assert(property, { numRuns: 150 });
});
