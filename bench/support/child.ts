// A process that does what it is told: one order, one answer.
import { type ChildProcess, fork, spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

/** Where and how it runs. */
export interface ChildOptions {
  /** The core to which it is bound, where the system can do that: the server has 0, what is measured has 1. */
  readonly core: number;
  readonly execArgv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Whether processes can be bound to cores: Linux has a program for it. */
export const canBind: boolean =
  process.platform === "linux" && availableParallelism() > 1 && spawnSync("taskset", ["--version"]).status === 0;

/** The process. What it prints as an error is printed here. */
export class Child<Order extends object, Answer extends object> implements Disposable {
  readonly #process: ChildProcess;
  #answered: ((answer: Answer) => void) | undefined;
  #failed: ((error: Error) => void) | undefined;

  /** @param script - A compiled file beside this one. */
  constructor(script: string, { core, execArgv = [], env = {} }: ChildOptions) {
    const bound = canBind ? { execPath: "taskset", argv: ["--cpu-list", String(core), process.execPath] } : undefined;
    this.#process = fork(fileURLToPath(new URL(script, import.meta.url)), {
      ...(bound && { execPath: bound.execPath }),
      execArgv: [...(bound?.argv ?? []), ...execArgv],
      env: { ...process.env, ...env },
    });
    this.#process.on("message", (answer) => this.#answered?.(answer as Answer));
    this.#process.on("error", (error) => this.#failed?.(error));
    this.#process.on("exit", (code) => this.#failed?.(new Error(`${script} has ended by itself, with code ${code}`)));
  }

  ask(order: Order): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      this.#answered = resolve;
      this.#failed = reject;
      this.#process.send(order, (error) => {
        if (error !== null) reject(error);
      });
    });
  }

  [Symbol.dispose](): void {
    this.#failed = undefined;
    if (this.#process.connected) this.#process.disconnect();
  }
}
