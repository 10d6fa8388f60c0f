// Threads, as the packed package spawns them: the file that runs in a thread is found, and millrace is there, too.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";

const HANDLER = `
import { isMainThread } from "node:worker_threads";
import { drop } from "millrace";

export default (job, { attempt }) => {
  if (job === "drop") return drop("not wanted");
  return { job, attempt, isMainThread };
};
`;

const PROGRAM = `
import { Consumer, MemoryRunner } from "millrace";
import { inThreads } from "millrace/threads";

const jobs = new MemoryRunner();
const handler = inThreads(new URL("./handler.js", import.meta.url), { maxThreads: 2 });
const consumer = new Consumer(handler, { runner: jobs });
await consumer.start();
console.log(JSON.stringify(await jobs.enqueue("cat").result));
await jobs.enqueue("drop").result.catch((error) => console.log(error.code));
await consumer.stop();
console.log(handler.threads);
`;

interface End {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of a user's that has its handler in a file of its own. */
function run(installation: string, program: string): End {
  const folder = join(installation, "threads-program");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "handler.js"), HANDLER);
  writeFileSync(join(folder, "program.js"), program);
  const options = { encoding: "utf8", timeout: 20_000, env: {} } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, "program.js")], options);
  return { status, stdout, stderr };
}

describe("a program whose handler runs in threads", () => {
  it("handles its jobs there, stops, and ends by itself", () => {
    const lines = ['{"job":"cat","attempt":1,"isMainThread":false}', "JOB_FAILED", "0", ""];
    expect(run(inject("withThreads"), PROGRAM)).toEqual({ status: 0, stdout: lines.join("\n"), stderr: "" });
  });

  it("ends by itself even if nothing ended its threads", () => {
    const program = `
      import { inThreads } from "millrace/threads";
      const handler = inThreads(new URL("./handler.js", import.meta.url), { minThreads: 1, maxThreads: 1 });
      console.log((await handler("cat", { signal: new AbortController().signal, attempt: 2 })).attempt);
    `;
    expect(run(inject("withThreads"), program)).toEqual({ status: 0, stdout: "2\n", stderr: "" });
  });

  it("is told what to install where piscina is missing", () => {
    const program = PROGRAM.replace("await consumer.start()", "await consumer.start().catch(told)").replace(
      "const jobs",
      "const told = (error) => { console.log(error.code, error.message); process.exit(); };\nconst jobs",
    );
    const { status, stdout } = run(inject("alone"), program);
    expect([status, stdout]).toEqual([
      0,
      "PEER_MISSING The package piscina could not be loaded. Install it beside millrace: npm install piscina\n",
    ]);
  });
});
