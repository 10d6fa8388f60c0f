// The soak itself, in seconds instead of minutes: that it passes, and that it fails where it should. The smallest that can
// be judged has four rounds of three seconds.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type ProgramEnd, runProgram } from "../support/program.js";

/** Runs it with a folder of its own for what it draws. */
async function soak(...args: readonly string[]): Promise<ProgramEnd> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-soak-"));
  try {
    return await runProgram("scripts/soak.ts", "--seconds", "12", "--rate", "100", "--out", folder, ...args);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** It is longer on a machine that has other work. */
const TIMEOUT_MS = 180_000;

describe.concurrent("a soak of 12 seconds", { timeout: TIMEOUT_MS }, () => {
  it("loses nothing, leaves no handle at rest, and does not grow", async () => {
    const { exitCode, output, errorOutput } = await soak();
    expect(errorOutput).toBe("");
    expect(output).toMatch(/ok +handles at rest: none more than before the first start, 5 times/);
    expect(output).toMatch(/ok +messages lost: 0 of /);
    expect(output).not.toMatch(/FAILED {2}/);
    expect(exitCode).toBe(0);
  });

  it("fails when each message leaves some kilobytes behind", async () => {
    const { exitCode, output } = await soak("--leak", "20000");
    expect(output).toMatch(/FAILED +memory after a collection, at rest/);
    expect(output).toMatch(/FAILED +memory after a collection, under load/);
    expect(output).toMatch(/ok +messages lost: 0 of /);
    expect(exitCode).toBe(1);
  });
});
