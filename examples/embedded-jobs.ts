// An embedded job queue: jobs are enqueued and worked on in the same process, with the same consumer, and each job tells
// what became of it.
//
//   npx tsx examples/embedded-jobs.ts
import { setTimeout as sleep } from "node:timers/promises";
import { Consumer, type Job, MemoryRunner, MillraceError, retry } from "millrace";

interface Picture {
  readonly name: string;
  readonly megapixels: number;
}

const runner = new MemoryRunner<Picture, string>({ maxAttempts: 3 });

const consumer = new Consumer(
  async ({ name, megapixels }: Picture, { attempt, signal }) => {
    await sleep(megapixels * 10, undefined, { signal }); // Halting a running job aborts its signal.
    if (name === "flaky.png" && attempt < 3) throw new Error("the disk was busy");
    if (name === "broken.png") throw new Error("not a picture");
    return `${name.replace(".png", "")}-small.png`; // The job's result.
  },
  { runner, concurrency: 3, retry: () => retry({ afterSeconds: 0.05 }) },
);
consumer.on("error", (error) => console.error(error.code, error.message));
await consumer.start();

// Results, one by one, and what each job says of itself.
const cat = runner.enqueue({ name: "cat.png", megapixels: 2 });
console.log(`job ${cat.id} is ${cat.status}`);
console.log(`its result: ${await cat.result}`);

const jobs = ["dog.png", "flaky.png", "broken.png", "bird.png"].map((name) => runner.enqueue({ name, megapixels: 3 }));
await Promise.allSettled(jobs.map(({ result }) => result));
for (const job of [cat, ...jobs]) describe(job);

// A failure says which job it was, and what its handler threw.
await jobs[2]?.result.catch((error: unknown) => {
  if (error instanceof MillraceError) console.log(`${error.code}: ${error.message} It threw: ${String(error.cause)}`);
});

// Halting: one job, then all.
const tooLarge = runner.enqueue({ name: "poster.png", megapixels: 5_000 });
const others = ["a.png", "b.png", "c.png", "d.png"].map((name) => runner.enqueue({ name, megapixels: 5_000 }));
await sleep(50);
console.log(`running ${consumer.stats().running}, not ended ${runner.unfinished}`);
tooLarge.halt("It would take too long.");
await tooLarge.result.catch((error: unknown) => console.log(String(error)));
runner.halt("The office closes.");
await Promise.allSettled(others.map(({ result }) => result));
console.log(`others: ${others.map(({ status }) => status).join(", ")}; not ended ${runner.unfinished}`);

await consumer.stop();

function describe({ id, payload, status, attempts, runTimeMs }: Job<Picture, string>): void {
  console.log(`job ${id}  ${payload.name.padEnd(10)}  ${status}  attempts ${attempts}  ran ${runTimeMs.toFixed(0)} ms`);
}
