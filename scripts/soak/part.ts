// A part of a program in a process of its own, and the calls that go there.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

/** What a process can be asked. */
type CallsOf<Calls> = { [Name in keyof Calls]: (...input: never[]) => unknown };

interface Call {
  readonly id: number;
  readonly name: string;
  readonly input: readonly unknown[];
}

interface Answer {
  readonly id: number;
  readonly output?: unknown;
  readonly error?: string;
}

/** In the process: answers the calls of the parent, and ends with it. */
export function answerCalls<Calls extends CallsOf<Calls>>(calls: Calls): void {
  const answer = async ({ id, name, input }: Call): Promise<void> => {
    const call: (...input: never[]) => unknown = calls[name as keyof Calls];
    try {
      process.send?.({ id, output: await call(...(input as never[])) } satisfies Answer);
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  };
  process.on("message", (call: Call) => void answer(call));
  process.on("disconnect", () => process.exit());
}

/** The credentials and the region that the simulated service does not look at. */
export const AWS_ENVIRONMENT = {
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
} as const;

/** In the parent: starts the process, calls it, and ends it. */
export class Part<Calls extends CallsOf<Calls>> implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, (answer: Answer) => void>();
  readonly #name: string;
  #lastId = 0;

  constructor(file: URL, env: Readonly<Record<string, string>> = {}) {
    this.#name = basename(file.pathname, ".ts");
    this.#child = fork(fileURLToPath(file), {
      execArgv: ["--expose-gc", "--import", "tsx"],
      env: { ...process.env, ...env },
      serialization: "advanced",
    });
    this.#child.on("message", (answer: Answer) => this.#settle(answer));
    this.#child.on("exit", (code, signal) => this.#fail(`has ended (${signal ?? code})`));
  }

  async call<Name extends keyof Calls & string>(
    name: Name,
    ...input: Parameters<Calls[Name]>
  ): Promise<Awaited<ReturnType<Calls[Name]>>> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answered = new Promise<Answer>((resolve) => this.#pending.set(id, resolve));
    if (this.#child.connected) this.#child.send({ id, name, input } satisfies Call);
    else this.#fail("has ended");
    const { output, error } = await answered;
    if (error !== undefined) throw new Error(`${this.#name}, ${name}: ${error}`);
    return output as Awaited<ReturnType<Calls[Name]>>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#child.connected) return;
    const ended = once(this.#child, "exit");
    this.#child.disconnect();
    await ended;
  }

  #settle(answer: Answer): void {
    this.#pending.get(answer.id)?.(answer);
    this.#pending.delete(answer.id);
  }

  #fail(error: string): void {
    for (const id of this.#pending.keys()) this.#settle({ id, error });
  }
}
