// A consumer in a process of its own, seen from the one that starts and kills it.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { StopResult } from "millrace";
import { Ledger } from "./ledger.js";
import type { ProgramSettings } from "./program-settings.js";

const PROGRAM = fileURLToPath(new URL("program.ts", import.meta.url));
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** How a process has ended. */
export interface ProcessEnd {
  /** Null when a signal has ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly errorOutput: string;
}

/** What the program says. */
interface Told {
  readonly listening?: true;
  readonly started?: true;
  readonly stopped?: StopResult;
  /** How many errors there were, by their codes. */
  readonly errors?: Readonly<Record<string, number>>;
}

export interface ConsumerProcessOptions {
  /** Its access key, by which the service tells processes apart. */
  readonly name: string;
  /** Where its ledger is to be. */
  readonly directory: string;
  readonly settings: Omit<ProgramSettings, "ledger">;
}

/** A process that consumes. At the end of an `await using` block it is killed, if it still runs. */
export class ConsumerProcess implements AsyncDisposable {
  readonly name: string;
  readonly settings: Omit<ProgramSettings, "ledger">;
  readonly ledger: Ledger;
  /** Resolves when it has ended. */
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();
  #told: Told = {};
  #text = "";
  #errorOutput = "";
  #hasEnded = false;

  constructor({ name, directory, settings }: ConsumerProcessOptions) {
    const path = join(directory, `${name}.ledger`);
    this.name = name;
    this.settings = settings;
    this.ledger = new Ledger(path);
    this.#child = spawn(process.execPath, ["--import", "tsx", PROGRAM, JSON.stringify({ ...settings, ledger: path })], {
      cwd: ROOT,
      env: {
        PATH: process.env["PATH"],
        TMPDIR: process.env["TMPDIR"],
        AWS_ACCESS_KEY_ID: name,
        AWS_SECRET_ACCESS_KEY: "test",
        AWS_REGION: "us-east-1",
        AWS_CONFIG_FILE: "/nonexistent/config",
        AWS_SHARED_CREDENTIALS_FILE: "/nonexistent/credentials",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => this.#take(text));
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.#errorOutput += text));
    this.ended = this.#end();
  }

  /** What it has said so far. */
  get told(): Told {
    return this.#told;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Resolves when it has said that, or has ended. */
  async hasTold(fact: keyof Told): Promise<void> {
    while (this.#told[fact] === undefined && !this.#hasEnded) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  kill(signal: "SIGKILL" | "SIGTERM"): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGKILL");
    await this.ended;
  }

  async #end(): Promise<ProcessEnd> {
    const [exitCode, signal] = (await once(this.#child, "close")) as [number | null, NodeJS.Signals | null];
    this.#hasEnded = true;
    this.#wake();
    return { exitCode, signal, errorOutput: this.#errorOutput };
  }

  #take(text: string): void {
    const lines = (this.#text + text).split("\n");
    this.#text = lines.pop() ?? "";
    for (const line of lines) this.#told = { ...this.#told, ...(JSON.parse(line) as Told) };
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
