// Runs a TypeScript program of this repository in a process of its own, as its user would.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** How a program ended. */
export interface ProgramEnd {
  /** Null when a signal has ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it wrote to standard output, and to standard error. */
  readonly output: string;
  readonly errorOutput: string;
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A program that runs. At the end of an `await using` block it is killed, if it still does. */
export class Program implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<ProgramEnd>;
  #output = "";
  #errorOutput = "";
  #onOutput: (() => void) | undefined;

  /** @param path - Relative to the repository's root. */
  constructor(path: string, ...args: readonly string[]) {
    // Node itself, not npx or npm: a signal then reaches the program, and once.
    this.#child = spawn(process.execPath, ["--import", "tsx", path, ...args], {
      cwd: ROOT,
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#output += text;
      this.#onOutput?.();
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.#errorOutput += text));
    this.#ended = this.#end();
  }

  /** What it has written to standard output so far. */
  get output(): string {
    return this.#output;
  }

  /** Resolves when it has written this. Rejects when it ends without. */
  async hasWritten(pattern: RegExp): Promise<void> {
    const written = new Promise<void>((resolve) => {
      this.#onOutput = () => {
        if (pattern.test(this.#output)) resolve();
      };
      this.#onOutput();
    });
    const tooLate = this.#ended.then(({ output, errorOutput }) => {
      if (pattern.test(output)) return;
      throw new Error(`the program has ended without writing ${pattern}:\n${output}\n${errorOutput}`);
    });
    await Promise.race([written, tooLate]);
    tooLate.catch(() => undefined);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Resolves when it has ended. */
  ended(): Promise<ProgramEnd> {
    return this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  async #end(): Promise<ProgramEnd> {
    const [exitCode, signal] = (await once(this.#child, "close")) as [number | null, NodeJS.Signals | null];
    return { exitCode, signal, output: this.#output, errorOutput: this.#errorOutput };
  }
}

/** Runs a program to its end. */
export async function runProgram(path: string, ...args: readonly string[]): Promise<ProgramEnd> {
  await using program = new Program(path, ...args);
  return await program.ended();
}
