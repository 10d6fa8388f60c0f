// The consumer that is killed: a program of a user's, in a process of its own. What its handlers do is written to a ledger,
// line by line and at once, so that no line is lost by a SIGKILL.
import { openSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Consumer, type Message, MillraceError } from "millrace";
import { createClient } from "./clients.js";
import type { ProgramSettings } from "./program-settings.js";

const settings = JSON.parse(process.argv[2] ?? "") as ProgramSettings;
const ledger = openSync(settings.ledger, "a");

/** A write that has returned is in the file, whatever becomes of this process. */
function note(event: "began" | "ended", { MessageId }: Message): void {
  writeSync(ledger, `${event} ${MessageId ?? ""} ${performance.timeOrigin + performance.now()}\n`);
}

/** Says something to the process that has started this one. */
function tell(fact: object): void {
  writeSync(1, `${JSON.stringify(fact)}\n`);
}

const { shortestMs, longestMs, heedsSignal } = settings.handler;
const consumer = new Consumer(
  async (message, { signal }) => {
    note("began", message);
    const workMs = shortestMs + Math.random() * (longestMs - shortestMs);
    await sleep(workMs, undefined, heedsSignal ? { signal } : {});
    note("ended", message);
  },
  { ...settings.consumer, client: createClient(settings.client) },
);
const counts = new Map<string, number>();
consumer.on("error", ({ code }) => counts.set(code, (counts.get(code) ?? 0) + 1));

// As docs/deployment.md has it.
process.on("SIGTERM", () => {
  void consumer.stop({ timeoutMs: settings.timeoutMs }).then((result) => {
    tell({ stopped: result, errors: Object.fromEntries(counts) });
    if (result.handlersAbandoned > 0) process.exit(0); // They would keep it alive until they end.
  });
});

tell({ listening: true });
try {
  await consumer.start();
  tell({ started: true });
} catch (error) {
  if (!(error instanceof MillraceError && error.code === "STOPPED")) throw error;
}
