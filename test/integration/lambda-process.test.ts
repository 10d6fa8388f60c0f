// A process that is a Lambda runtime: the SIGTERM of a shutdown, and a Runtime API that breaks down.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createSqsEvent, LambdaRuntimeApi } from "millrace/testing";
import { expect, it } from "vitest";
import { idsOf } from "../support/lambda-function.js";

const PROGRAM = fileURLToPath(new URL("../support/lambda-program.ts", import.meta.url));

/** A runtime in a process of its own. */
class Runtime implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #output = "";
  #onOutput = (): void => undefined;

  constructor(lambda: LambdaRuntimeApi, stopMs: number) {
    this.#child = spawn(process.execPath, ["--import", "tsx", PROGRAM], {
      env: { ...process.env, AWS_LAMBDA_RUNTIME_API: lambda.address, STOP_MS: String(stopMs) },
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#output += text;
      this.#onOutput();
    });
    this.#exited = once(this.#child, "exit");
  }

  async hasStarted(...bodies: string[]): Promise<void> {
    const isDone = (): boolean => bodies.every((body) => this.#output.includes(`started ${body}\n`));
    await new Promise<void>((resolve) => {
      this.#onOutput = () => {
        if (isDone()) resolve();
      };
      this.#onOutput();
    });
  }

  terminate(): void {
    this.#child.kill("SIGTERM");
  }

  /** Its exit code. */
  async ended(): Promise<number | null> {
    await this.#exited;
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }
}

it.each([0, 300, 500])("SIGTERM with %d ms left: the event in hand is answered with what is done", async (stopMs) => {
  await using lambda = new LambdaRuntimeApi();
  await lambda.start();
  await using runtime = new Runtime(lambda, stopMs);
  const event = createSqsEvent(["a", "failing", "stuck 1", "b", "stuck 2", "stuck 3", "waiting"]);
  const result = lambda.invoke(event, { timeoutMs: 30_000 });
  await runtime.hasStarted("a", "b", "stuck 3");
  runtime.terminate();
  const batchItemFailures = idsOf(2, 3, 5, 6, 7).map((itemIdentifier) => ({ itemIdentifier }));
  expect(await result).toEqual({ status: "response", payload: { batchItemFailures } });
  expect(await runtime.ended()).toBe(0);
});

it("SIGTERM between two events: the process ends", async () => {
  await using lambda = new LambdaRuntimeApi();
  await lambda.start();
  await using runtime = new Runtime(lambda, 300);
  await lambda.invoke(createSqsEvent(["a"]), { timeoutMs: 30_000 });
  await lambda.polled();
  runtime.terminate();
  expect(await runtime.ended()).toBe(0);
});

it("a Runtime API that has broken down: the process ends by itself, for Lambda to start another", async () => {
  await using lambda = new LambdaRuntimeApi();
  await lambda.start();
  await using runtime = new Runtime(lambda, 300);
  lambda.faults.response = 500;
  void lambda.invoke(createSqsEvent(["a"]), { timeoutMs: 30_000 });
  expect(await runtime.ended()).toBe(0);
  lambda.runtimeEnded();
});
