// What millrace itself costs for a message, beside a bare loop in the same run: `npm run bench:own-cost`.
//
// The port answers in the same tick and the handler does nothing, so what is left is the library and the loop.
// It measures what is built: with tsconfig.build.json, which maps no paths, `millrace` is the package in dist/.
// Rounds take turns, so that a machine that slows down slows both; medians and ranges are over the rounds.
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { type Cost, type CostOptions, measureBareLoop, measureConsumer } from "../test/support/own-cost.js";

const ROUNDS = 7;
const CPU_MESSAGES = 300_000;
const PROMISE_MESSAGES = 50_000;

interface Subject {
  readonly name: string;
  readonly measure: (options: CostOptions) => Promise<Cost>;
  readonly concurrency: number;
}

const subjects: readonly Subject[] = [
  { name: "bare loop", measure: measureBareLoop, concurrency: 10 },
  { name: "millrace, 10 slots", measure: measureConsumer, concurrency: 10 },
  { name: "millrace, 100 slots", measure: measureConsumer, concurrency: 100 },
  { name: "millrace, 1,000 slots", measure: measureConsumer, concurrency: 1_000 },
  { name: "millrace, 10,000 slots", measure: measureConsumer, concurrency: 10_000 },
];

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function measureRounds(): Promise<Map<Subject, Cost[]>> {
  const costs = new Map<Subject, Cost[]>(subjects.map((subject) => [subject, []]));
  // The first round warms up and is not counted.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const subject of subjects) {
      const { concurrency, measure } = subject;
      const cost = await measure({ messages: CPU_MESSAGES, concurrency, countsPromises: false });
      if (round > 0) costs.get(subject)?.push(cost);
    }
  }
  return costs;
}

function describeCpu(costs: readonly Cost[]): string {
  const values = costs.map(({ cpuMicroseconds }) => cpuMicroseconds);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return `${median(values).toFixed(2)} µs (${least.toFixed(2)} to ${most.toFixed(2)})`;
}

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};
console.log(`millrace ${version}, Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? "unknown CPU"}`);
console.log(`${ROUNDS} rounds of ${CPU_MESSAGES} messages; medians, least and most\n`);

const costs = await measureRounds();
const bareLoop = median((costs.get(subjects[0] as Subject) ?? []).map(({ cpuMicroseconds }) => cpuMicroseconds));
for (const [subject, ofSubject] of costs) {
  const { concurrency, measure, name } = subject;
  const { promises } = await measure({ messages: PROMISE_MESSAGES, concurrency, countsPromises: true });
  const timers = median(ofSubject.map((cost) => cost.timers));
  const requests = median(ofSubject.map((cost) => cost.requests));
  const ratio = median(ofSubject.map(({ cpuMicroseconds }) => cpuMicroseconds)) / bareLoop;
  console.log(`${name.padEnd(22)} ${describeCpu(ofSubject)} of CPU a message, ${ratio.toFixed(1)} × the bare loop`);
  console.log(
    `${"".padEnd(22)} ${promises.toFixed(2)} promises, ${timers.toFixed(3)} timers, ${requests.toFixed(3)} requests`,
  );
}
