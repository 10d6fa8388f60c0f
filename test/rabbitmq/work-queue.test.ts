// The example of a work queue, as its user runs it: one Ctrl-C drains for up to 5 s, a second one ends at once.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Program } from "../support/program.js";
import { TestQueues } from "./support/test-queues.js";

const EXAMPLE = "examples/rabbitmq-work-queue.ts";
const QUEUE = "jobs";
/** Signals that come sooner after the first are the same press of the keys, passed on by npm. */
const NEXT_PRESS_MS = 400;
/** Longer than any stop waits. */
const ENDLESS_MS = 3_600_000;

let queues: TestQueues;

beforeAll(async () => {
  queues = await TestQueues.open();
});

beforeEach(async () => {
  await queues.channel.deleteQueue(QUEUE);
  await queues.channel.assertQueue(QUEUE, { arguments: { "x-queue-type": "quorum" } });
});

afterAll(() => queues[Symbol.asyncDispose]());

/** Sends jobs that take so long, in this order. */
async function send(...worksMs: readonly number[]): Promise<void> {
  await queues.send(
    QUEUE,
    worksMs.map((workMs, job) => JSON.stringify({ job, workMs })),
  );
}

function countDone(output: string): number {
  return output.split("\n").filter((line) => line.startsWith("done: ")).length;
}

describe("the first Ctrl-C", () => {
  test("lets running jobs end and acknowledges them; those that have not started stay in the queue", async () => {
    await send(...Array.from({ length: 60 }, (_, job) => (job % 2 === 0 ? 200 : 1_500)));
    await using program = new Program(EXAMPLE, queues.broker.url);
    await program.hasWritten(/done: /u);
    program.signal("SIGINT");
    const { exitCode, output, errorOutput } = await program.ended();
    expect(errorOutput).toBe("");
    expect(exitCode).toBe(0);
    const running = Number(/SIGINT: stopping, (\d+) jobs are running/u.exec(output)?.[1]);
    expect(running).toBeGreaterThanOrEqual(2);
    expect(countDone(output.slice(output.indexOf("stopping")))).toBe(running);
    const done = countDone(output);
    expect(done).toBeLessThan(60);
    expect(output).toContain(`stopped: ${done} done and acknowledged, 0 cut off`);
    expect(await queues.untilReturned(QUEUE)).toBe(60 - done);
  });

  test("waits for a job of some seconds, and cuts off one that never ends: it is in the queue again", async () => {
    await send(3_000, ENDLESS_MS, 10);
    await using program = new Program(EXAMPLE, queues.broker.url);
    await program.hasWritten(/done: job 2/u);
    program.signal("SIGINT");
    const { exitCode, output } = await program.ended();
    expect(exitCode).toBe(0);
    expect(output.slice(output.indexOf("stopping"))).toContain("done: job 0");
    expect(output).toContain("stopped: 2 done and acknowledged, 1 cut off");
    expect(await queues.untilReturned(QUEUE)).toBe(1);
  });
});

test("the second Ctrl-C ends it at once; what was not done is in the queue again", async () => {
  await send(10, ...Array<number>(9).fill(ENDLESS_MS));
  await using program = new Program(EXAMPLE, queues.broker.url);
  await program.hasWritten(/done: /u);
  program.signal("SIGINT");
  await program.hasWritten(/SIGINT: stopping/u);
  await sleep(NEXT_PRESS_MS); // The program's own patience, in a process whose time is real.
  program.signal("SIGINT");
  const { exitCode, output } = await program.ended();
  expect(exitCode).toBe(130);
  expect(output).toContain("SIGINT again: ended at once");
  expect(output).not.toContain("stopped:");
  expect(await queues.untilReturned(QUEUE)).toBe(9);
});

test("with nothing given it starts a broker, does every job, and ends by itself", async () => {
  await using program = new Program(EXAMPLE);
  const { exitCode, output, errorOutput } = await program.ended();
  expect(errorOutput).toBe("");
  expect(exitCode).toBe(0);
  expect(countDone(output)).toBe(40);
  expect(output).toContain("stopped: 40 done and acknowledged, 0 cut off");
});
