// Holds three records against each other: the service's journal, the requests that a witness saw beside the consumer, and
// the handler's runs. Every message must be accounted for, and everything that happened twice must have a reason.
import type { Journal, JournalEntry } from "millrace/testing";
import type { RequestLog, WatchedRequest } from "./watch.js";

/** One call of the handler. */
export interface Run {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly startedAtMs: number;
  endedAtMs: number | undefined;
  /** Whether it ended well. */
  isHandled: boolean;
}

/** What the ledger is made from. All moments are those of `performance.now()`. */
export interface Records {
  readonly journal: Journal;
  readonly log: RequestLog;
  readonly runs: readonly Run[];
  /** Handles in answers that a proxy has spoilt. */
  readonly spoilt: ReadonlySet<string>;
  /** A request that took so long was given up by the consumer, whatever came of it. */
  readonly givenUpAfterMs: number;
  /** How many outcomes the stops left unconfirmed, by their results. */
  readonly settlementsLost: number;
}

/** Why messages came again. */
interface Reasons {
  /** The consumer gave them back: their handler failed, or a stop came before it. */
  readonly givenBack: number;
  /** The answer to the receive that brought them was lost. */
  readonly answerLost: number;
  /** Their visibility ended here, as requests that would have settled or kept them failed. */
  readonly leaseEnded: number;
}

/** What became of all messages. */
export interface Account {
  readonly sent: number;
  /** Messages of which a run ended well. */
  readonly handled: number;
  readonly deleted: number;
  /** Neither deleted nor in the queue any more; or never handled. */
  readonly lost: number;
  /** Runs that ended well, beyond the first of each message. */
  readonly runTwice: number;
  readonly cameAgain: Reasons;
  /** What must not be. Empty when all is well. */
  readonly violations: readonly string[];
}

type Received = JournalEntry & { readonly kind: "received" };
type Change = JournalEntry & { readonly kind: "visibilityChanged" };

/** Makes the account, when the queue is empty and the consumer has stopped. */
export function settleAccount(records: Records): Account {
  return new Ledger(records).account();
}

class Ledger {
  readonly #records: Records;
  readonly #violations: string[] = [];
  readonly #runsOf = new Map<string, Run[]>();
  /** Requests that named a handle and did not work, or not in time. */
  readonly #failedWith = new Map<string, WatchedRequest[]>();
  readonly #given = { givenBack: 0, answerLost: 0, leaseEnded: 0 };
  #leftByStops = 0;
  /** Messages that no proxy has kept: the connection has. */
  #lostOnTheWay = 0;

  constructor(records: Records) {
    this.#records = records;
    for (const run of records.runs) pushTo(this.#runsOf, run.messageId, run);
    for (const request of records.log.requests) this.#read(request);
  }

  account(): Account {
    let [sent, deleted, handled, lost, runTwice] = [0, 0, 0, 0, 0];
    for (const messageId of this.#records.journal.messageIds) {
      const entries = this.#records.journal.of(messageId);
      const wellRun = (this.#runsOf.get(messageId) ?? []).filter(({ isHandled }) => isHandled);
      const deletes = entries.filter((entry) => entry.kind === "deleted" && entry.isEffective);
      sent += 1;
      deleted += deletes.length;
      handled += Math.min(1, wellRun.length);
      runTwice += Math.max(0, wellRun.length - 1);
      if (deletes.length === 0 || wellRun.length === 0) lost += 1;
      this.#checkDelete(messageId, deletes, wellRun);
      this.#checkRuns(messageId);
      this.#explainReceives(entries);
    }
    this.#checkBounds();
    return { sent, handled, deleted, lost, runTwice, cameAgain: this.#given, violations: this.#violations };
  }

  #read(request: WatchedRequest): void {
    const { handles, sentAtMs, endedAtMs = Infinity, unconfirmed } = request;
    const wasGivenUp = endedAtMs - sentAtMs >= this.#records.givenUpAfterMs;
    for (const [position, handle] of handles.entries()) {
      if (handle !== undefined && (wasGivenUp || unconfirmed.has(position))) pushTo(this.#failedWith, handle, request);
    }
  }

  #checkDelete(messageId: string, deletes: readonly JournalEntry[], wellRun: readonly Run[]): void {
    const [first, second] = deletes;
    if (first === undefined) this.#violations.push(`${messageId} was not deleted`);
    else if (!wellRun.some(({ endedAtMs = Infinity }) => endedAtMs <= first.atMs))
      this.#violations.push(`${messageId} was deleted before its handler said so`);
    if (second !== undefined) this.#violations.push(`${messageId} was deleted twice`);
  }

  /** One run for each receive at most, and never two at a time. */
  #checkRuns(messageId: string): void {
    const runs = this.#runsOf.get(messageId) ?? [];
    if (new Set(runs.map(({ receiptHandle }) => receiptHandle)).size < runs.length)
      this.#violations.push(`${messageId} ran twice for one receive`);
    for (const [index, run] of runs.entries()) {
      const before = runs[index - 1];
      if (before !== undefined && (before.endedAtMs ?? Infinity) > run.startedAtMs)
        this.#violations.push(`${messageId} ran beside itself`);
    }
  }

  #explainReceives(entries: readonly JournalEntry[]): void {
    const receives = entries.filter((entry): entry is Received => entry.kind === "received");
    for (const [index, next] of receives.entries()) {
      const last = receives[index - 1];
      if (last === undefined) continue;
      const between = entries.slice(entries.indexOf(last) + 1, entries.indexOf(next));
      const changes = between.filter((entry): entry is Change => entry.kind === "visibilityChanged");
      this.#explain(
        last,
        changes.findLast(({ isEffective }) => isEffective),
      );
    }
  }

  /** Why a message could be received again after a receive, and the last change of its visibility. */
  #explain(receive: Received, change: Change | undefined): void {
    const { receiptHandle, messageId } = receive;
    if (!this.#records.log.arrived.has(receiptHandle)) {
      this.#given.answerLost += 1;
      if (!this.#records.spoilt.has(receiptHandle)) this.#lostOnTheWay += 1;
    } else if (change !== undefined && change.visibleAgainAtMs - change.atMs < 1_000) {
      this.#given.givenBack += 1;
    } else {
      this.#given.leaseEnded += 1;
      if (this.#failedWith.has(receiptHandle)) return;
      this.#leftByStops += 1;
      if (this.#leftByStops > this.#records.settlementsLost)
        this.#violations.push(`${messageId} became visible, and no request for it had failed`);
    }
  }

  /** Only a receive that failed, or that nobody waited for, can lose what it brought; and at most what it had asked for. */
  #checkBounds(): void {
    let atMost = 0;
    for (const { operation, hasFailed, asked } of this.#records.log.requests) {
      if (operation === "ReceiveMessage" && hasFailed) atMost += asked;
    }
    if (this.#lostOnTheWay > atMost)
      this.#violations.push(`${this.#lostOnTheWay} messages did not arrive, and failed receives explain ${atMost}`);
  }
}

function pushTo<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
