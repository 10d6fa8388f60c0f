// The custom runtime against AWS's own Runtime Interface Emulator: `npm run test:lambda-rie`, which says in LAMBDA_RIE where
// its program is.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createSqsEvent } from "millrace/testing";
import { expect, it } from "vitest";
import { idsOf } from "../support/lambda-function.js";

const FUNCTION_TIMEOUT_SECONDS = 3;
const START_TIMEOUT_MS = 20_000;

/** The emulator, and the function that it starts with its first event. */
class Emulator implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #address: string;
  #output = "";

  private constructor(child: ChildProcess, address: string) {
    this.#child = child;
    this.#address = address;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => (this.#output += text));
    }
  }

  /** What it and the function have printed. */
  get output(): string {
    return this.#output;
  }

  static async start(): Promise<Emulator> {
    const [address = "", runtimeApi = ""] = await findFreeAddresses(2);
    const addresses = ["--runtime-interface-emulator-address", address, "--runtime-api-address", runtimeApi];
    const program = [process.execPath, "test/support/lambda-program.ts"];
    const child = spawn(process.env["LAMBDA_RIE"] ?? "", [...addresses, ...program], {
      env: {
        ...process.env,
        AWS_LAMBDA_FUNCTION_TIMEOUT: String(FUNCTION_TIMEOUT_SECONDS),
        NODE_OPTIONS: "--import tsx",
        STOP_MS: "0",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const emulator = new Emulator(child, address);
    await emulator.#listens();
    return emulator;
  }

  async invoke(event: unknown): Promise<unknown> {
    const url = `http://${this.#address}/2015-03-31/functions/function/invocations`;
    const response = await fetch(url, { method: "POST", body: JSON.stringify(event) });
    return await response.json();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await Promise.race([ended, sleep(5_000, undefined, { ref: false })]);
    this.#child.kill("SIGKILL");
  }

  /** Nothing tells when it does, so it is asked for something that it has not got. */
  async #listens(): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (performance.now() < deadline) {
      const isListening = await fetch(`http://${this.#address}/`).then(
        () => true,
        () => false,
      );
      if (isListening) return;
      if (this.#child.exitCode !== null) throw new Error(`the emulator has ended:\n${this.#output}`);
      await sleep(50);
    }
    throw new Error(`the emulator did not listen:\n${this.#output}`);
  }
}

async function findFreeAddresses(count: number): Promise<string[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  const addresses: string[] = [];
  for (const server of servers) {
    if (!server.listening) await once(server, "listening");
    addresses.push(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  }
  for (const server of servers) {
    server.close();
    await once(server, "close");
  }
  return addresses;
}

function reporting(ids: readonly string[]): { batchItemFailures: object[] } {
  return { batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) };
}

it("answers one event after the other with exactly what is not done", async () => {
  await using emulator = await Emulator.start();
  expect(await emulator.invoke(createSqsEvent(["a", "failing", "b"]))).toEqual(reporting(idsOf(2)));
  expect(await emulator.invoke(createSqsEvent(["c"]))).toEqual(reporting([]));
  const many = Array.from({ length: 1_000 }, (_, index) => (index % 2 === 0 ? "a" : "failing"));
  const { batchItemFailures } = (await emulator.invoke(createSqsEvent(many))) as { batchItemFailures: object[] };
  expect(batchItemFailures).toHaveLength(500);
});

it("answers before the emulator's deadline, whatever runs", async () => {
  await using emulator = await Emulator.start();
  const event = createSqsEvent(["a", "stuck 1", "b", "stuck 2", "stuck 3", "waiting"]);
  expect(await emulator.invoke(event)).toEqual(reporting(idsOf(2, 4, 5, 6)));
  expect(emulator.output).not.toContain("timed out");
});

it("answers what is no event of SQS as an error, and goes on", async () => {
  await using emulator = await Emulator.start();
  expect(await emulator.invoke({ key1: "value1" })).toMatchObject({ errorType: "EVENT_INVALID" });
  expect(await emulator.invoke(createSqsEvent(["a"]))).toEqual(reporting([]));
});
