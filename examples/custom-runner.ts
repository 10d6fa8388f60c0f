// A runner of one's own: jobs are files in a folder, and whoever renames a file into its own folder has claimed it. Several
// processes can work on one folder, and a job survives a crash of any of them.
//
//   npx tsx examples/custom-runner.ts
//
//   jobs/ready/     waiting; a modification time in the future says "not before then"
//   jobs/claimed/   being worked on
//   jobs/failed/    given up, with the reason beside it
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Consumer, deadLetter, drop, type Delivery, type Intake, type Outcome, retry, type Runner } from "millrace";

interface JobFile {
  readonly name: string;
  readonly text: string;
}

/** How often an empty folder is looked at, in milliseconds. */
const LOOK_INTERVAL_MS = 50;

/** Delivers the files of a folder, and ends when there are none left. */
class FolderRunner implements Runner<JobFile> {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** `start()` of the consumer rejects if this does. */
  async open(): Promise<void> {
    for (const state of ["ready", "claimed", "failed"]) await mkdir(this.#path(state), { recursive: true });
  }

  async run(intake: Intake<JobFile>): Promise<void> {
    while (!intake.signal.aborted) {
      const due = await this.#findDue();
      // No file anywhere: the source is exhausted, and the consumer stops by itself. A service would only wait.
      if (due.length === 0 && (await this.#isDone())) return;
      if (due.length > 0) await this.#deliverSome(due, intake);
      // A stop ends the sleep early, which is no failure.
      else await sleep(LOOK_INTERVAL_MS, undefined, { signal: intake.signal }).catch(() => undefined);
    }
  }

  /** Places first, files after: what is claimed has somewhere to go. Places that were not used are given back. */
  async #deliverSome(names: readonly string[], intake: Intake<JobFile>): Promise<void> {
    const places = await intake.take(names.length);
    let used = 0;
    for (const name of names.slice(0, places)) {
      const delivery = await this.#claim(name);
      if (delivery === undefined) continue;
      used += 1;
      intake.deliver(delivery);
    }
    intake.giveBack(places - used);
  }

  /** A rename succeeds for one process only. */
  async #claim(name: string): Promise<Delivery<JobFile> | undefined> {
    try {
      await rename(this.#path("ready", name), this.#path("claimed", name));
    } catch {
      return undefined; // Somebody else was faster.
    }
    const text = await readFile(this.#path("claimed", name), "utf8");
    const attempt = Number(/\.attempt-(\d+)$/.exec(name)?.[1] ?? 1);
    return {
      message: { name: name.replace(/\.attempt-\d+$/, ""), text },
      attempt,
      receivedAt: new Date(),
      settle: (outcome) => this.#settle(name, attempt, outcome),
    };
  }

  /** Resolves when the folder says what became of the job. A rejection becomes an `error` event. */
  async #settle(name: string, attempt: number, outcome: Outcome): Promise<void> {
    const claimed = this.#path("claimed", name);
    switch (outcome.kind) {
      case "ack":
      case "drop":
        return rm(claimed);
      case "release": // It was not worked on: a stop came first. The attempt does not count.
        return rename(claimed, this.#path("ready", name));
      case "retry": {
        const dueAt = new Date(Date.now() + outcome.afterSeconds * 1_000);
        await utimes(claimed, dueAt, dueAt);
        const next = name.replace(/\.attempt-\d+$/, "") + `.attempt-${attempt + 1}`;
        return rename(claimed, this.#path("ready", next));
      }
      case "deadLetter":
        await writeFile(this.#path("failed", `${name}.reason`), outcome.reason);
        return rename(claimed, this.#path("failed", name));
    }
  }

  async #findDue(): Promise<string[]> {
    const due: string[] = [];
    for (const name of await readdir(this.#path("ready"))) {
      const file = await stat(this.#path("ready", name)).catch(() => undefined); // Claimed meanwhile.
      if (file !== undefined && file.mtimeMs <= Date.now()) due.push(name);
    }
    return due;
  }

  async #isDone(): Promise<boolean> {
    const [ready, claimed] = await Promise.all([readdir(this.#path("ready")), readdir(this.#path("claimed"))]);
    return ready.length + claimed.length === 0;
  }

  #path(...parts: string[]): string {
    return join(this.#folder, ...parts);
  }
}

// Some jobs: most are fine, some fail at first, one makes no sense, one is not wanted any more.

const folder = await mkdtemp(join(tmpdir(), "millrace-jobs-"));
await mkdir(join(folder, "ready"));
for (let job = 1; job <= 30; job += 1) {
  const text = { 7: "nonsense", 11: "obsolete" }[job] ?? (job % 10 === 0 ? "flaky" : "fine");
  await writeFile(join(folder, "ready", `job-${job}`), text);
}

const consumer = new Consumer(
  async ({ name, text }: JobFile, { attempt }) => {
    await sleep(20);
    if (text === "nonsense") return deadLetter(`${name} makes no sense`);
    if (text === "obsolete") return drop(`${name} is not wanted any more`);
    if (text === "flaky" && attempt < 3) throw new Error(`${name} has failed`);
    return undefined; // Done.
  },
  { runner: new FolderRunner(folder), concurrency: 4, retry: () => retry({ afterSeconds: 0.1 }) },
);
consumer.on("error", (error) => console.error(error.code, error.message));
consumer.on("messageFailed", ({ message, attempt }) => console.log(`${message.name} has failed, attempt ${attempt}`));

const stopped = new Promise((resolve) => {
  consumer.once("stopped", resolve);
});
await consumer.start();
await stopped; // The runner has run out of files.

const { settled } = consumer.stats().counters;
console.log(
  `done ${settled.ack}, retried ${settled.retry}, dropped ${settled.drop}, dead letters ${settled.deadLetter}`,
);
console.log(`jobs/failed: ${(await readdir(join(folder, "failed"))).sort().join(", ")}`);
await rm(folder, { recursive: true });
