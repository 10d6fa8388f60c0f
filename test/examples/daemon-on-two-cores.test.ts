// The daemon as several processes: they share a queue, stop with their primary, and one that dies loses nothing.
import { describe, expect, it } from "vitest";
import { Program, type ProgramEnd } from "../support/program.js";

const EXAMPLE = "examples/daemon-on-two-cores.ts";
const BOTH_STARTED = /(?:has started[^]*){2}/;
const AT_WORK = /^[1-9]\d* of 1500 done/mu;

interface Account {
  readonly sent: number;
  readonly deleted: number;
  readonly left: number;
  readonly posted: number;
  /** By process, in the order of their starts. Of one that was killed nothing is known. */
  readonly handled: readonly number[];
}

function readAccount({ exitCode, output, errorOutput }: ProgramEnd): Account {
  // A busy machine may be slow to answer; that is reported, and costs nothing.
  expect(errorOutput.replaceAll(/^REQUEST_TIMEOUT .*\n/gmu, "")).toBe("");
  expect(exitCode).toBe(0);
  const handled = [...output.matchAll(/^process (\d+) handled (\d+), everything acknowledged: true$/gmu)]
    .toSorted(([, one], [, other]) => Number(one) - Number(other))
    .map(([, , count]) => Number(count));
  const line = /^(\d+) sent = (\d+) deleted \+ (\d+) still there; (\d+) posted$/mu.exec(output) ?? [];
  const [sent = 0, deleted = 0, left = 0, posted = 0] = line.slice(1).map(Number);
  return { sent, deleted, left, posted, handled };
}

describe.concurrent("daemon-on-two-cores.ts", () => {
  it("shares the jobs between two processes, each done once", async () => {
    await using program = new Program(EXAMPLE);
    const account = readAccount(await program.ended());
    const [first = 0, second = 0] = account.handled;
    expect(account).toMatchObject({ sent: 1_500, deleted: 1_500, left: 0, posted: 1_500 });
    expect(first + second).toBe(1_500);
    expect(first).toBeGreaterThan(0);
    expect(second).toBeGreaterThan(0);
  });

  it("stops every process at one SIGTERM: what was handled is deleted, the rest is still there", async () => {
    await using program = new Program(EXAMPLE);
    await program.hasWritten(BOTH_STARTED);
    await program.hasWritten(AT_WORK);
    program.signal("SIGTERM");
    const end = await program.ended();
    expect(end.output).toContain("SIGTERM: stopping 2 processes");
    const { sent, deleted, left, posted, handled } = readAccount(end);
    expect(handled).toHaveLength(2);
    expect(handled.reduce((sum, count) => sum + count)).toBe(deleted);
    expect(deleted).toBe(posted);
    expect(deleted).toBeGreaterThan(0);
    expect(left).toBeGreaterThan(0);
    expect(deleted + left).toBe(sent);
  });

  it("replaces a process that is killed, and loses none of what it had in hand", async () => {
    await using program = new Program(EXAMPLE);
    await program.hasWritten(BOTH_STARTED);
    await program.hasWritten(AT_WORK);
    const pid = Number(/process 2 has started, pid (\d+)/.exec(program.output)?.[1]);
    process.kill(pid, "SIGKILL");
    const end = await program.ended();
    expect(end.output).toContain("process 2 has died (SIGKILL): another one takes its place");
    expect(end.output).toContain("process 3 has started");
    const { handled, ...account } = readAccount(end);
    expect(account).toEqual({ sent: 1_500, deleted: 1_500, left: 0, posted: 1_500 });
    expect(handled).toHaveLength(2);
  });
});
