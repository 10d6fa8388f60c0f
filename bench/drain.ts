// A deep queue, a handler that does nothing: `npm run bench:drain`.
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Span, Stage, type Subject } from "./support/stage.js";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    tls: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: [] },
    profile: { type: "string" },
  },
});

interface Case extends Subject {
  readonly label: string;
}

const CASES: readonly Case[] = [
  { label: "sqs-consumer, defaults", module: "sqs-consumer", way: "default", concurrency: 1 },
  { label: "sqs-consumer, 10 instances", module: "sqs-consumer", way: "instances", concurrency: 10 },
  { label: "sqs-consumer, batchSize 10", module: "sqs-consumer", way: "batchSize", concurrency: 10 },
  { label: "sqs-consumer, handleMessageBatch", module: "sqs-consumer", way: "handleMessageBatch", concurrency: 10 },
  {
    label: "sqs-consumer, handleMessageBatch, 10 instances",
    module: "sqs-consumer",
    way: "handleMessageBatch",
    concurrency: 100,
  },
  { label: "squiss-ts, 100 in flight", module: "squiss", way: "default", concurrency: 100 },
  { label: "bare loop over the SDK", module: "bare-sdk", way: "", concurrency: 160 },
  { label: "bare loop over undici", module: "bare-undici", way: "", concurrency: 160 },
  { label: "millrace, plain SDK client", module: "millrace", way: "plain", concurrency: 100 },
  { label: "millrace, default client", module: "millrace", way: "default", concurrency: 100 },
  { label: "millrace, directClient", module: "millrace", way: "direct", concurrency: 100 },
];

const WARM_UP_MS = values.quick ? 700 : 1_000;
const MEASURED_MS = values.quick ? 800 : 2_000;
const ROUNDS = values.quick ? 1 : 5;

using stage = await Stage.open({ isSecure: values.tls });

async function measure(subject: Case): Promise<Span> {
  const execArgv = values.profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${values.profile}`];
  const actor = await stage.start(subject, { work: { kind: "none" }, execArgv });
  await actor.supply();
  await sleep(WARM_UP_MS);
  const span = await actor.watch(MEASURED_MS);
  await actor.finish();
  return span;
}

/** Whether this version of millrace has it. */
function hasDirectClient(): boolean {
  try {
    import.meta.resolve("millrace/direct");
    return true;
  } catch {
    return false;
  }
}

const wanted = CASES.filter(
  ({ label, way }) =>
    (values.only.length === 0 || values.only.some((part) => label.includes(part))) &&
    (way !== "direct" || hasDirectClient()),
);
for (let round = 0; round < ROUNDS; round += 1) {
  for (const subject of wanted) {
    const { perSecond, cpuMicroseconds, requestsPerMessage, cores } = await measure(subject);
    console.log(
      `${subject.label.padEnd(48)} ${perSecond.toFixed(0).padStart(7)} messages/s ${cpuMicroseconds.toFixed(1).padStart(7)} µs ` +
        `${requestsPerMessage.toFixed(3)} requests a message, ${cores.toFixed(2)} cores`,
    );
  }
}
