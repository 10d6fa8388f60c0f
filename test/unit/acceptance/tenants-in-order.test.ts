// Tenants of a FIFO queue: several groups each, with limits. What is sent back, paused or has failed changes no order.
import { retry } from "millrace";
import { fc } from "@fast-check/vitest";
import { seededRandom } from "millrace/testing";
import { expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

const runs = fc.record({
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  groups: fc.integer({ min: 1, max: 12 }),
  tenants: fc.integer({ min: 1, max: 3 }),
  ofEach: fc.integer({ min: 1, max: 12 }),
  maxRunning: fc.integer({ min: 1, max: 3 }),
  maxWaitMs: fc.constantFrom(100, 1_000),
  perSecond: fc.option(fc.constantFrom(2, 20), { nil: undefined }),
  failureChance: fc.constantFrom(0, 0.1),
  pauseChance: fc.constantFrom(0, 0.05),
  isRestarted: fc.boolean(),
});

test("every group is worked on in its order, each tenant within its limit", async () => {
  const property = fc.asyncProperty(
    runs,
    async ({
      seed,
      groups,
      tenants,
      ofEach,
      maxRunning,
      maxWaitMs,
      perSecond,
      failureChance,
      pauseChance,
      isRestarted,
    }) => {
      const random = seededRandom(seed);
      const queue = await SimulatedQueue.create({ seed, isFifo: true, faults: { latencyMs: [1, 30] } });
      const { clock } = queue;
      const names = Array.from({ length: groups }, (_, index) => String.fromCodePoint(97 + index));
      for (let number = 1; number <= ofEach; number += 1)
        await queue.sendTo(...names.map((name) => `${name}${number}`));
      const tenantOf = (body: string): string => `tenant ${(body.codePointAt(0) ?? 0) % tenants}`;
      const running: string[] = [];
      const done = new Map<string, number>();
      const violations: string[] = [];
      const consumer = queue.consume(
        async ({ Body = "" }, { groupId = "" }) => {
          const expected = (done.get(groupId) ?? 0) + 1;
          if (Number(Body.slice(1)) !== expected) violations.push(`${Body} instead of ${expected}`);
          running.push(Body);
          const ofTenant = running.filter((body) => tenantOf(body) === tenantOf(Body)).length;
          if (ofTenant > maxRunning) violations.push(`${ofTenant} of ${tenantOf(Body)} at once`);
          await queue.work(random() < 0.1 ? 2_000 * random() : 50 * random());
          running.splice(running.indexOf(Body), 1);
          if (random() < pauseChance) return retry({ afterSeconds: 3, pause: "key" });
          if (random() < failureChance) throw new Error("a failure");
          done.set(groupId, expected);
          return undefined;
        },
        {
          concurrency: 5,
          tenants: {
            key: ({ Body = "" }) => tenantOf(Body),
            maxRunning,
            maxWaitMs,
            rate: perSecond === undefined ? undefined : { perSecond, burst: 2 },
          },
        },
      );
      await clock.runUntil(consumer.start());
      if (isRestarted) {
        await clock.advance(2_000 * random());
        await clock.runUntil(consumer.stop({ timeoutMs: 60_000 }));
        await clock.runUntil(consumer.start());
      }
      await clock.runUntil(() => queue.size === 0);
      await clock.runUntil(consumer.stop());
      expect(violations).toEqual([]);
      expect([...done.values()]).toEqual(names.map(() => ofEach));
      expect(clock.pendingTimers).toBe(0);
    },
  );
  await fc.assert(property, { numRuns: 100 });
});
