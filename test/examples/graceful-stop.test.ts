// The stop that a terminal or an orchestrator asks for: one signal drains, a second one ends at once.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Program } from "../support/program.js";

const EXAMPLE = "examples/graceful-stop.ts";
/** Signals that come sooner after the first are the same press of the keys, passed on by npm. */
const NEXT_PRESS_MS = 400;

function countDone(output: string): number {
  return output.split("\n").filter((line) => line.startsWith("done: ")).length;
}

describe.concurrent("graceful-stop.ts", () => {
  it.each(["SIGINT", "SIGTERM"] as const)("drains at the first %s: what was handled is deleted", async (signal) => {
    await using program = new Program(EXAMPLE);
    await program.hasWritten(/done: /);
    program.signal(signal);
    const { exitCode, output, errorOutput } = await program.ended();
    expect(errorOutput).toBe("");
    expect(exitCode).toBe(0);
    const running = Number(new RegExp(`${signal}: stopping, (\\d+) handlers are running`).exec(output)?.[1]);
    expect(running).toBeGreaterThanOrEqual(2);
    expect(countDone(output.slice(output.indexOf("stopping")))).toBe(running);
    expect(output).toContain("every finished message acknowledged: true");
    const done = countDone(output);
    expect(output).toContain(`the queue: 60 sent = ${done} deleted + ${60 - done} still there`);
    expect(done).toBeLessThan(60);
  });

  it("takes two signals at the same time for one", async () => {
    await using program = new Program(EXAMPLE);
    await program.hasWritten(/done: /);
    program.signal("SIGINT");
    await program.hasWritten(/SIGINT: stopping/);
    program.signal("SIGINT");
    const { exitCode, output } = await program.ended();
    expect(exitCode).toBe(0);
    expect(output).toContain("every finished message acknowledged: true");
  });

  it("ends at once at the second SIGINT", async () => {
    await using program = new Program(EXAMPLE);
    await program.hasWritten(/done: /);
    program.signal("SIGINT");
    await program.hasWritten(/SIGINT: stopping/);
    await sleep(NEXT_PRESS_MS); // The program's own patience, in a process whose time is real.
    program.signal("SIGINT");
    const { exitCode, output } = await program.ended();
    expect(exitCode).toBe(130);
    expect(output).toContain("SIGINT again: ended at once");
    expect(output).not.toContain("stopped:");
  });
});
