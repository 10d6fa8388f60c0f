// The demo, as it runs where there is no terminal: it accounts for every message, also when it is interrupted.
import { describe, expect, it } from "vitest";
import { Program, type ProgramEnd, runProgram } from "../support/program.js";

const DEMO = "scripts/demo.ts";

/** The lines of the account, by what they say: the terms of its sum first, then what must not have happened. */
function readAccount(output: string): Map<string, number> {
  const lines = output.matchAll(/^[ +] +([\d,]+) {2}(\S.*)$/gmu);
  return new Map([...lines].map(([, count = "", what = ""]) => [what, Number(count.replaceAll(",", ""))]));
}

function expectProven({ output, errorOutput, exitCode }: ProgramEnd): Map<string, number> {
  expect(errorOutput).toBe("");
  expect(exitCode).toBe(0);
  expect(output).toContain("Nothing was lost, and nothing was acknowledged twice.");
  const account = readAccount(output);
  expect(account.size).toBe(12);
  const [sent = 0, ...rest] = account.values();
  expect(rest.slice(0, 4).reduce((sum, count) => sum + count)).toBe(sent);
  expect(rest.slice(4)).toEqual([0, 0, 0, 0, 0, 0, 0]);
  return account;
}

const SENT = "sent, of which the server says:";
const REMAINING = "still in the queue";

describe.concurrent("npm run demo", () => {
  it("drains the queue and accounts for every message", async () => {
    const end = await runProgram(DEMO, "--messages", "1000");
    const account = expectProven(end);
    expect(account.get(SENT)).toBe(1_000);
    expect(account.get(REMAINING)).toBe(0);
    expect(account.get("deleted once, after their work was done")).toBeGreaterThan(900);
    expect(account.get("in the dead-letter queue, because their handler said so")).toBeGreaterThan(0);
    expect(account.get("in the dead-letter queue, after failing every attempt")).toBeGreaterThan(0);
    expect(end.output).toContain("at most 64 at once");
    for (const line of end.output.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  it("drains what is in hand at a SIGINT, and accounts for what stays in the queue", async () => {
    await using program = new Program(DEMO, "--messages", "5000", "--concurrency", "20");
    await program.hasWritten(/req\/msg\n.+\n/);
    program.signal("SIGINT");
    const end = await program.ended();
    const account = expectProven(end);
    expect(end.output).toContain("Stopping");
    expect(account.get(SENT)).toBe(5_000);
    expect(account.get(REMAINING)).toBeGreaterThan(0);
    expect(account.get("deleted once, after their work was done")).toBeGreaterThan(0);
  });

  it("refuses options that make no sense", async () => {
    const { exitCode, errorOutput } = await runProgram(DEMO, "--messages", "many");
    expect(exitCode).toBe(2);
    expect(errorOutput).toContain('--messages must be a whole number from 1 to 1000000, not "many".');
  });
});
