// A readable account of a history, line by line. Only kept when it was asked for: most histories are never read.
import type { JournalEntry } from "millrace/testing";
import { shortId } from "./member.js";
import type { WitnessedRequest } from "./witness-port.js";

/** What a trace reads besides what it is told. */
interface TraceSource {
  readonly clock: { now(): number };
  readonly sqs: { readonly journal: { readonly entries: readonly JournalEntry[] } | undefined };
}

export class Trace {
  readonly lines: string[] = [];
  readonly #source: TraceSource;
  readonly #isKept: boolean;
  #cursor = 0;

  constructor(source: TraceSource, isKept: boolean) {
    this.#source = source;
    this.#isKept = isKept;
  }

  /** Notes what a consumer (by its number) or the world did. */
  note(consumer: number | undefined, text: () => string): void {
    if (!this.#isKept) return;
    this.#readJournal();
    this.#write(this.#source.clock.now(), consumer === undefined ? "world" : `consumer ${consumer}`, text());
  }

  noteRequest(request: WitnessedRequest, phase: "began" | "ended"): void {
    this.note(request.consumer, () => (phase === "began" ? describeRequest(request) : describeAnswer(request)));
  }

  #readJournal(): void {
    const entries = this.#source.sqs.journal?.entries ?? [];
    for (; this.#cursor < entries.length; this.#cursor += 1) {
      const entry = entries[this.#cursor] as JournalEntry;
      this.#write(entry.atMs, "service", describeEntry(entry));
    }
  }

  #write(atMs: number, who: string, text: string): void {
    this.lines.push(`${atMs.toFixed(1).padStart(10)}  ${who.padEnd(10)}  ${text}`);
  }
}

function describeEntry(entry: JournalEntry): string {
  const id = shortId(entry.messageId);
  switch (entry.kind) {
    case "received":
      return `${id} received (${receiptNumber(entry.receiptHandle)}), hidden until ${entry.visibleAgainAtMs.toFixed(1)}${
        entry.duplicateOf === undefined ? "" : `, a duplicate: ${entry.duplicateOf}`
      }`;
    case "visibilityChanged":
      return `${id} (${receiptNumber(entry.receiptHandle)}) hidden until ${entry.visibleAgainAtMs.toFixed(1)}${
        entry.isEffective ? "" : ", without effect"
      }`;
    case "deleted":
      return `${id} (${receiptNumber(entry.receiptHandle)}) deleted${entry.isEffective ? "" : ", without effect"}`;
    case "redriven":
    case "moved":
      return `${id} ${entry.kind} to ${entry.toQueueName}`;
    default:
      return `${id} ${entry.kind}${entry.queueName.startsWith("jobs") ? "" : ` to ${entry.queueName}`}`;
  }
}

function receiptNumber(handle: string): string {
  return `r${handle.slice(handle.lastIndexOf("/") + 1)}`;
}

function describeRequest({ operation, asked, entries }: WitnessedRequest): string {
  if (operation === "ReceiveMessage") return `▷ ReceiveMessage ${asked}`;
  const described = entries.map(({ receiptHandle, seconds }) => {
    if (receiptHandle === undefined) return "copy";
    const id = `${shortId(receiptHandle.split("/")[1])} ${receiptNumber(receiptHandle)}`;
    return seconds === undefined ? id : `${id}: ${seconds} s`;
  });
  return `▷ ${operation} ${described.join(", ")}`;
}

function describeAnswer({ operation, error, handles, failedPositions, sentAtMs }: WitnessedRequest): string {
  const what = `◁ ${operation} of ${sentAtMs.toFixed(1)}`;
  if (error !== undefined) return `${what}: ${error}`;
  if (failedPositions.size > 0) return `${what}: entries ${[...failedPositions].join(", ")} failed`;
  return operation === "ReceiveMessage" ? `${what}: ${handles.length} messages` : what;
}
