// 120 queues of different importance, and 50 handlers at once for all of them: while every queue has messages, each has
// handler time by its weight; a message on a queue that was idle does not wait behind the others.
//
//   npx tsx examples/120-queues.ts
//
// With queues of yours, leave out the lines that start local ones. Credentials and region are found as the SDK finds them.
import { setTimeout as sleep } from "node:timers/promises";
import { ConsumerGroup } from "millrace";
import { startLocalQueues } from "./support/local-queues.js";

const WEIGHTS = new Map([
  ["high", 8],
  ["middle", 4],
  ["low", 1],
]);
const CLASSES = [...WEIGHTS.keys()];
const names = CLASSES.flatMap((name) => Array.from({ length: 40 }, (_, index) => `orders-${name}-${index + 1}`));
const [idle = "", ...full] = names;
await using queues = await startLocalQueues(names);
for (const name of full) await queues.send(name, 10 * weightOf(name) + 20);

/** What the queue is worth, by its name: `orders-high-7`. */
function weightOf(name: string): number {
  return WEIGHTS.get(name.split("-")[1] ?? "") ?? 1;
}

const group = new ConsumerGroup(
  async (_message, { signal }) => {
    await sleep(200, undefined, { signal }); // The work. A third argument of the handler would say which queue it is.
  },
  {
    concurrency: 50,
    // Looked for by the beginning of their names, at the start and once a minute. A list of queues would do as well:
    // queues: [{ queueUrl, weight: 8 }, …]
    discover: {
      queueNamePrefix: "orders-",
      queue: (queueUrl) => ({ weight: weightOf(queueUrl.split("/").at(-1) ?? "") }),
    },
  },
);
group.on("error", (error, queue) => console.error(queue, error.code, error.message));

await group.start();
console.log(`${group.names.length} queues, ${group.pool.slots} handlers at once`);
await sleep(2_000);
const before = group.stats();
await sleep(5_000);
const after = group.stats();

const weights = full.reduce((sum, name) => sum + weightOf(name), 0);
const timeOf = (name: string): number =>
  (after.queues[name]?.handlerTimeMs ?? 0) - (before.queues[name]?.handlerTimeMs ?? 0);
const totalMs = after.handlerTimeMs - before.handlerTimeMs;
for (const name of CLASSES) {
  const ofClass = full.filter((queue) => queue.startsWith(`orders-${name}-`));
  const expected = ofClass.reduce((sum, queue) => sum + weightOf(queue), 0) / weights;
  const share = ofClass.reduce((sum, queue) => sum + timeOf(queue), 0) / totalMs;
  const handled = ofClass.map((queue) => after.queues[queue]?.counters.settled.ack ?? 0);
  console.log(
    `${name.padEnd(6)} by weight ${percent(expected)}, had ${percent(share)}; the least done by a queue: ${Math.min(...handled)} messages`,
  );
}

const started = new Promise((resolve) => {
  group.get(idle)?.once("messageStarted", resolve);
});
const sentAt = performance.now();
await queues.send(idle, 1);
await started;
console.log(`a message on the idle ${idle} started after ${Math.round(performance.now() - sentAt)} ms`);

const { isDrained, messagesReleased } = await group.stop();
console.log(`stopped, everything acknowledged: ${isDrained}; given back unstarted: ${messagesReleased}`);

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`.padStart(6);
}
