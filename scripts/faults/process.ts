// One play in a process of its own: what the process does, and how it is started and judged from outside.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ClientKind } from "../../test/faults/clients.js";
import { CERTIFICATE } from "../../test/faults/faulty-service.js";
import type { FaultCase } from "../../test/faults/faults.js";
import { type Outcome, playFault, type Scale, until } from "../../test/faults/play.js";
import { findBroken } from "../../test/faults/promises.js";

/** A play that has ended. */
export interface Report {
  readonly fault: string;
  readonly client: string;
  /** Undefined when it did not come to its end. */
  readonly outcome: Outcome | undefined;
  /** What was not kept; empty when all is well. */
  readonly broken: readonly string[];
}

/** How large a play is. */
export interface PlaySize {
  readonly messages: number;
  /** Whether faults stay only for a moment. */
  readonly isQuick: boolean;
}

const FULL_SIZE: Omit<Scale, "messages"> = {
  cycles: 3,
  faultMs: 2_000,
  strikes: 1,
  requestTimeoutMs: 1_500,
  visibilityTimeoutSeconds: 10,
  stopTimeoutMs: 2_000,
};
/** For tests: long enough to meet every promise, short enough for many. */
const QUICK: Omit<Scale, "messages"> = {
  ...FULL_SIZE,
  cycles: 2,
  faultMs: 200,
  requestTimeoutMs: 500,
  visibilityTimeoutSeconds: 5,
};
/** From the end of a fault to the first message: a request that is out when it ends, and the pause after it. */
const LONGEST_RECOVERY_MS = 10_000;
/** A stop may take its time, a second for handlers, two for confirmations, and a little on a busy machine. */
const LONGEST_STOP_MS: number = FULL_SIZE.stopTimeoutMs + 3_500;
/** What is left of a process whose consumer has stopped. */
const ENDS_WITHIN_MS = 5_000;
const LONGEST_PLAY_MS = 600_000;

const SCRIPT = fileURLToPath(new URL("../faults.ts", import.meta.url));
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Nothing of this machine's own set-up, and no way out of it. */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  AWS_REGION: "us-east-1",
  AWS_EC2_METADATA_DISABLED: "true",
  AWS_CONFIG_FILE: "/nonexistent/config",
  AWS_SHARED_CREDENTIALS_FILE: "/nonexistent/credentials",
  NODE_EXTRA_CA_CERTS: fileURLToPath(CERTIFICATE),
};

/** Plays in this process, and writes the report as a line of JSON. The process then has to end by itself. */
export async function playAlone(fault: FaultCase, client: ClientKind, size: PlaySize): Promise<void> {
  const unwanted: string[] = [];
  process.on("unhandledRejection", (reason) => unwanted.push(`an unhandled rejection: ${String(reason)}`));
  process.on("warning", ({ message }) => {
    if (!message.startsWith("NodeVersionSupportWarning")) unwanted.push(`a warning: ${message}`); // The SDK's, of old Nodes.
  });
  const scale = { ...(size.isQuick ? QUICK : FULL_SIZE), messages: size.messages };
  const outcome = await playFault(fault, client, scale);
  await until("nothing is left", () => findResources().length === 0, ENDS_WITHIN_MS).catch(() =>
    unwanted.push(`left in the process: ${findResources().join(", ")}`),
  );
  const slowest = Math.max(...outcome.recoveredMs);
  if (slowest > LONGEST_RECOVERY_MS) unwanted.push(`it took ${Math.round(slowest)} ms to recover`);
  const { tookMs } = outcome.stops[0];
  if (tookMs > LONGEST_STOP_MS) unwanted.push(`the stop took ${Math.round(tookMs)} ms`);
  const report: Report = {
    fault: fault.name,
    client: client.name,
    outcome,
    broken: [...findBroken(outcome, scale), ...unwanted],
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

/** What keeps this process, but for the pipes that it was started with. */
function findResources(): string[] {
  return process.getActiveResourcesInfo().filter((name) => !/^(?:Pipe|TTY)/u.test(name));
}

/** Starts a process for a play, and waits until it has ended by itself. */
export async function runProcess(play: PlaySize & { fault: string; client: string }): Promise<Report> {
  const { fault, client, messages, isQuick } = play;
  const args = ["--alone", "--fault", fault, "--client", client, "--messages", String(messages)];
  if (isQuick) args.push("--quick");
  const child = spawn(process.execPath, ["--import", "tsx", SCRIPT, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...ENVIRONMENT },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: LONGEST_PLAY_MS,
    killSignal: "SIGKILL",
  });
  let [output, errors, toldAt] = ["", "", 0];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    toldAt = performance.now();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0 || output === "")
    return { fault, client, outcome: undefined, broken: [`it ended with ${code}: ${errors}`] };
  const report = JSON.parse(output) as Report;
  const lingeredMs = performance.now() - toldAt;
  if (lingeredMs < ENDS_WITHIN_MS) return report;
  return { ...report, broken: [...report.broken, `the process ended ${Math.round(lingeredMs)} ms after its consumer`] };
}
