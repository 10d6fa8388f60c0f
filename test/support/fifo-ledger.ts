// Groups of numbered messages on a FIFO queue of a real server, drained by a consumer whose handler fails at times and
// watches the order.
import { constantRetry, Consumer, type SqsClient } from "millrace";

/** A ledger: in each group messages with the bodies "1", "2" and so on. */
export interface Ledger {
  readonly groups: number;
  readonly messagesAGroup: number;
}

/** One batch to be sent. */
export interface LedgerEntry {
  readonly Id: string;
  readonly MessageBody: string;
  readonly MessageGroupId: string;
  readonly MessageDeduplicationId: string;
}

/** What came of draining it. */
export interface LedgerAccount {
  /** Where the order was broken. */
  readonly violations: readonly string[];
  /** Of each group, the last message that was handled. */
  readonly lastOfGroups: readonly number[];
  /** The most groups that ran at once. */
  readonly mostGroups: number;
  /** How many times a handler has failed. */
  readonly failures: number;
}

/** Everything that is to be sent, ten at a time, the groups taking turns. */
export function* batchesOf({ groups, messagesAGroup }: Ledger): Generator<LedgerEntry[]> {
  for (let number = 1; number <= messagesAGroup; number += 1) {
    for (let first = 0; first < groups; first += 10) {
      yield Array.from({ length: Math.min(10, groups - first) }, (_, index) => ({
        Id: String(index),
        MessageBody: String(number),
        MessageGroupId: `g${first + index}`,
        MessageDeduplicationId: `${first + index}-${number}`,
      }));
    }
  }
}

/** Drains the queue. Every 25th message of a group fails when it comes for the first time. */
export async function drainLedger(parts: {
  readonly queueUrl: string;
  readonly client?: SqsClient;
  /** Resolves when the queue is empty. */
  readonly emptied: () => Promise<void>;
}): Promise<LedgerAccount> {
  const done = new Map<string, number>();
  const running = new Set<string>();
  const failed = new Set<string>();
  const violations: string[] = [];
  let mostGroups = 0;
  const consumer = new Consumer(
    async ({ Body }, { groupId = "" }) => {
      const number = Number(Body);
      const before = done.get(groupId) ?? 0;
      if (number > before + 1) violations.push(`${groupId}: ${number} after ${before}`);
      if (running.has(groupId)) violations.push(`${groupId}: two at once`);
      running.add(groupId);
      mostGroups = Math.max(mostGroups, running.size);
      await new Promise(setImmediate);
      running.delete(groupId);
      if (number % 25 === 0 && !failed.has(`${groupId}-${number}`)) {
        failed.add(`${groupId}-${number}`);
        throw new Error("once");
      }
      done.set(groupId, Math.max(before, number));
    },
    {
      queueUrl: parts.queueUrl,
      client: parts.client,
      concurrency: 50,
      retry: constantRetry({ delaySeconds: 0 }),
      visibilityTimeoutSeconds: 5,
      waitTimeSeconds: 1,
      pollGraceMs: 0,
    },
  );
  await consumer.start();
  await parts.emptied();
  await consumer.stop();
  return { violations, lastOfGroups: [...done.values()], mostGroups, failures: failed.size };
}
