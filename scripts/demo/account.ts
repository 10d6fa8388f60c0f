// The proof: the server's journal, message by message, held against what the handlers have seen.
import type { JournalEntry } from "../../src/testing/index.js";
import type { Finish, Ledger } from "./ledger.js";
import { countMessages, type Queues } from "./queues.js";

/** Where every message went, and what must not have happened. */
export interface Account {
  /** Messages that the server took, by its journal. */
  readonly sent: number;
  /** Deleted from the queue, their work done. */
  readonly done: number;
  /** Moved to the dead-letter queue: by the handler's word, then deleted; and by the queue's redrive policy. */
  readonly deadByWord: number;
  readonly deadByRedrive: number;
  /** Still in the queue. */
  readonly remaining: number;
  /** Everything that must not have happened, with how many times it has. */
  readonly wrongs: ReadonlyArray<readonly [what: string, times: number]>;
  readonly isProven: boolean;
}

/** What became of one message, by the journal and by the ledger. */
interface Fate {
  readonly deletes: number;
  readonly isRedriven: boolean;
  readonly finishes: readonly Finish[];
}

/** Draws up the account. The consumer must have stopped. */
export async function drawUpAccount(queues: Queues, ledger: Ledger): Promise<Account> {
  const { sqs, queueUrl, deadLetterQueueUrl } = queues;
  const fates = readFates(queues, ledger);
  const count = (isCounted: (fate: Fate) => boolean): number => fates.filter(isCounted).length;
  const sent = fates.length;
  const done = count(({ deletes, finishes }) => deletes > 0 && finishes.includes("done"));
  const deadByWord = count(({ deletes, finishes }) => deletes > 0 && finishes.includes("dead"));
  const deadByRedrive = count(({ isRedriven }) => isRedriven);
  const remaining = countMessages(sqs, queueUrl);
  const inDeadLetterQueue = countMessages(sqs, deadLetterQueueUrl);
  const deadJobs = new Set(await readDeadJobs(queues));
  const wrongs = [
    ["lost", Math.abs(sent - done - deadByWord - deadByRedrive - remaining)],
    ["deleted without being handled", count(({ deletes, finishes }) => deletes > 0 && finishes.length === 0)],
    ["deleted twice", count(({ deletes }) => deletes > 1) + sqs.statistics.deletesWithoutEffect],
    ["handled to the end twice", count(({ finishes }) => finishes.length > 1)],
    ["handled twice at the same time", ledger.overlaps],
    ["missing from the dead-letter queue", Math.abs(deadByWord + deadByRedrive - deadJobs.size)],
    ["twice in the dead-letter queue", inDeadLetterQueue - deadJobs.size],
  ] as const;
  const isProven = wrongs.every(([, times]) => times === 0);
  return { sent, done, deadByWord, deadByRedrive, remaining, wrongs, isProven };
}

/** What became of each message that was sent to the queue. */
function readFates({ sqs, name }: Queues, ledger: Ledger): Fate[] {
  const { journal } = sqs;
  if (journal === undefined) throw new Error("the server keeps no journal");
  const histories = [...journal.messageIds].map((messageId) => ({
    messageId,
    entries: journal.of(messageId).filter(({ queueName }) => queueName === name),
  }));
  return histories
    .filter(({ entries }) => entries.some(({ kind }) => kind === "sent"))
    .map(({ messageId, entries }) => ({
      deletes: entries.filter(isEffectiveDelete).length,
      isRedriven: entries.some(({ kind }) => kind === "redriven"),
      finishes: ledger.finishesOf(messageId),
    }));
}

function isEffectiveDelete(entry: JournalEntry): boolean {
  return entry.kind === "deleted" && entry.isEffective;
}

/** Reads the dead-letter queue to its end: the id of each job in it. */
async function readDeadJobs({ sqs, deadLetterQueueUrl }: Queues): Promise<number[]> {
  const ids: number[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.receiveMessage({ QueueUrl: deadLetterQueueUrl, MaxNumberOfMessages: 10 });
    if (Messages.length === 0) return ids;
    for (const { Body = "{}" } of Messages) ids.push((JSON.parse(Body) as { id: number }).id);
  }
}
