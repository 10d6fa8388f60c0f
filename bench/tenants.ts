// What quiet tenants see of a noisy one, with and without the option `tenants`: `npm run bench:tenants`.
//
// Fifty tenants send a message a second each, at random moments; ten seconds later one has 20,000. Handlers take 50 ms on 20
// slots, calls 20 ms. It is the simulated SQS in virtual time, so it says the same on every machine. It also draws
// docs/images/noisy-tenant.svg.
import { writeFileSync } from "node:fs";
import type { Message, TenantOptions } from "millrace";
import { seededRandom } from "millrace/testing";
import { SimulatedQueue } from "../test/support/simulated-queue.js";
import { drawTenants, type TenantSample } from "./support/draw-tenants.js";

const SLOTS = 20;
const QUIET = 50;
const WORK_MS = 50;
const SECONDS = 60;
const NOISY_AT_SECONDS = 10;
const NOISY_MESSAGES = 20_000;
const PICTURE = "docs/images/noisy-tenant.svg";

interface Scene {
  readonly tenants?: TenantOptions<Message>;
  /** Whether tenants are told apart by the body alone, so that SQS does not know of them. Default: by `MessageGroupId`. */
  readonly isOfBody?: boolean;
  readonly hasNoisy?: boolean;
  /** Whether handlers take 50 ms on average instead of each the same (exponentially distributed). */
  readonly isRandom?: boolean;
}

interface Result {
  readonly samples: TenantSample[];
  /** How long messages of the quiet ones waited for their start after the noisy one had come, or until the end, in order. */
  readonly waits: number[];
  readonly noisyPerSecond: number;
  /** How many of the noisy one's messages were started at their first, second, … receive. */
  readonly attempts: number[];
  readonly requests: number;
  readonly messages: number;
}

function tenantOf({ Body = "" }: Message): string {
  return Body.slice(0, Body.indexOf(" "));
}

async function play({ tenants, isOfBody = false, hasNoisy = true, isRandom = false }: Scene): Promise<Result> {
  const queue = await SimulatedQueue.create({ faults: { latencyMs: 20 } });
  const { clock, sqs } = queue;
  const samples = Array.from({ length: SECONDS }, () => ({ noisyMs: 0, quietMs: 0, longestWaitMs: 0 }));
  const sample = () => samples[Math.floor(clock.now() / 1_000)];
  const waits: number[] = [];
  /** When those were sent that have not started. */
  const unstarted = new Map<string, number>();
  const durations = seededRandom(5);
  const attempts: number[] = [];
  const groupOf = (tenant: string) => (isOfBody ? {} : { MessageGroupId: tenant });
  const consumer = queue.consume(
    async (message, { attempt }) => {
      const [tenant, sentAt] = (message.Body ?? "").split(" ");
      const startedIn = sample();
      const waitedMs = clock.now() - Number(sentAt);
      if (tenant === "noisy") {
        attempts[attempt - 1] = (attempts[attempt - 1] ?? 0) + 1;
      } else {
        unstarted.delete(message.Body ?? "");
        if (clock.now() >= NOISY_AT_SECONDS * 1_000) waits.push(waitedMs);
        if (startedIn) startedIn.longestWaitMs = Math.max(startedIn.longestWaitMs, waitedMs);
      }
      const workMs = isRandom ? -WORK_MS * Math.log(1 - durations()) : WORK_MS;
      await queue.work(workMs);
      const endedIn = sample();
      if (endedIn) endedIn[tenant === "noisy" ? "noisyMs" : "quietMs"] += workMs;
    },
    { concurrency: SLOTS, tenants: tenants && (isOfBody ? { ...tenants, key: tenantOf } : tenants) },
  );
  await clock.runUntil(consumer.start());
  const random = seededRandom(3);
  let sent = 0;
  let isQuietYet = hasNoisy;
  for (; clock.now() < SECONDS * 1_000; sent += 1) {
    if (isQuietYet && clock.now() >= NOISY_AT_SECONDS * 1_000) {
      isQuietYet = false;
      await sendNoisy(queue, groupOf("noisy"));
    }
    await clock.advance((-1_000 / QUIET) * Math.log(1 - random()));
    const tenant = `quiet-${sent % QUIET}`;
    const entry = { Id: "1", MessageBody: `${tenant} ${clock.now()}`, ...groupOf(tenant) };
    unstarted.set(entry.MessageBody, clock.now());
    void sqs.sendMessageBatch({ QueueUrl: queue.url, Entries: [entry] });
  }
  for (const sentAt of unstarted.values()) waits.push(clock.now() - sentAt);
  const noisyStarted = attempts.reduce((sum, count) => sum + (count ?? 0), 0);
  const requests = queue.receives + queue.deletes + queue.visibilityChanges;
  await clock.runUntil(consumer.stop());
  return {
    samples: samples.map(({ noisyMs, quietMs, longestWaitMs }) => ({
      noisy: noisyMs / (1_000 * SLOTS),
      quiet: quietMs / (1_000 * SLOTS),
      longestWaitMs,
    })),
    waits: waits.toSorted((one, other) => one - other),
    noisyPerSecond: noisyStarted / (SECONDS - NOISY_AT_SECONDS),
    attempts: Array.from(attempts, (count) => count ?? 0),
    requests,
    messages: sent + noisyStarted,
  };
}

/** All at once. Takes no time. */
async function sendNoisy({ sqs, url }: SimulatedQueue, group: { MessageGroupId?: string }): Promise<void> {
  sqs.faults.latencyMs = 0;
  for (let from = 0; from < NOISY_MESSAGES; from += 10) {
    const Entries = Array.from({ length: 10 }, (_, index) => ({
      Id: String(index),
      MessageBody: `noisy ${from + index}`,
      ...group,
    }));
    await sqs.sendMessageBatch({ QueueUrl: url, Entries });
  }
  sqs.faults.latencyMs = 20;
}

async function measure(what: string, scene: Scene): Promise<Result> {
  const result = await play(scene);
  const { waits, noisyPerSecond, attempts, requests, messages } = result;
  const at = (part: number): string => (waits[Math.floor(part * waits.length)] ?? Number.NaN).toFixed(0);
  const total = attempts.reduce((sum, count) => sum + count, 0);
  const shares = attempts.map((count, index) => `${index + 1}: ${((100 * count) / total).toFixed(1)} %`).join(", ");
  console.log(
    `${what.padEnd(52)} quiet: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms; noisy: ${noisyPerSecond.toFixed(0)} a second; ` +
      `${(requests / messages).toFixed(2)} requests a message${total > 0 ? `; started at receive ${shares}` : ""}`,
  );
  return result;
}

const limit = { maxRunning: SLOTS / 2 };
await measure("alone", { hasNoisy: false });
const without = await measure("by MessageGroupId, without tenants", {});
await measure("by MessageGroupId, tenants: {}", { tenants: {} });
const withTenants = await measure("by MessageGroupId, tenants: { maxRunning: 10 }", { tenants: limit });
await measure("the same, durations at random", { tenants: limit, isRandom: true });
await measure("by the body, without tenants", { isOfBody: true });
await measure("by the body, tenants: {}", { tenants: {}, isOfBody: true });
await measure("by the body, tenants: { maxRunning: 10 }", { tenants: limit, isOfBody: true });
const rows = [
  { name: "without the option", samples: without.samples },
  { name: "tenants: { maxRunning: 10 }", samples: withTenants.samples },
];
writeFileSync(PICTURE, drawTenants(rows, NOISY_AT_SECONDS));
console.log(`drawn: ${PICTURE}`);
