// A process that does what it is told: an order, an answer.
import { type ChildProcess, fork, spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { NumberedAnswer } from "./obey.js";

/** Where and how it runs. */
export interface ChildOptions {
  /** The core to which it is bound, where the system can do that: the server has 0, what is measured has 1. */
  readonly core: number | undefined;
  readonly execArgv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Nothing that a child is told takes so long, unless it hangs. */
const PATIENCE_MS = 60_000;

/** Whether processes can be bound to cores: Linux has a program for it. */
export const canBind: boolean =
  process.platform === "linux" && availableParallelism() > 1 && spawnSync("taskset", ["--version"]).status === 0;

interface Asked {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** The process. What it prints is printed here. */
export class Child<Order, Answer> implements Disposable {
  readonly #script: string;
  readonly #process: ChildProcess;
  readonly #asked = new Map<number, Asked>();
  #lastNumber = 0;
  #end: Error | undefined;

  /** @param script - A compiled file beside this one, which calls `obeyParent`. */
  constructor(script: string, { core, execArgv = [], env = {} }: ChildOptions) {
    const isBound = canBind && core !== undefined;
    this.#script = script;
    this.#process = fork(fileURLToPath(new URL(script, import.meta.url)), {
      ...(isBound && { execPath: "taskset" }),
      execArgv: [...(isBound ? ["--cpu-list", String(core), process.execPath] : []), ...execArgv],
      env: { ...process.env, ...env },
    });
    this.#process.on("message", (answer) => this.#answer(answer as NumberedAnswer));
    this.#process.on("error", (error) => this.#fail(error));
    this.#process.on("exit", (code) => this.#fail(new Error(`${script} has ended by itself, with code ${code}`)));
  }

  /** @throws What the child threw, or that it is gone. */
  ask(order: Order): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      if (this.#end !== undefined) {
        reject(this.#end);
        return;
      }
      this.#lastNumber += 1;
      const number = this.#lastNumber;
      const onSilence = (): void => this.#answer({ number, failure: `${this.#script} does not answer` });
      const timer = setTimeout(onSilence, PATIENCE_MS);
      this.#asked.set(number, { resolve: resolve as (answer: unknown) => void, reject, timer });
      this.#process.send({ number, order });
    });
  }

  [Symbol.dispose](): void {
    if (this.#process.connected) this.#process.disconnect();
  }

  #answer({ number, answer, failure }: NumberedAnswer): void {
    const asked = this.#asked.get(number);
    this.#asked.delete(number);
    clearTimeout(asked?.timer);
    if (failure === undefined) asked?.resolve(answer);
    else asked?.reject(new Error(failure));
  }

  #fail(error: Error): void {
    this.#end = error;
    for (const number of this.#asked.keys()) this.#answer({ number, failure: error.message });
  }
}
