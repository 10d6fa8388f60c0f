// Where every message of a drain went, and what there was to complain about.
import type { ConsumerProcess } from "./consumer-process.js";
import type { Blow, Crash, DrainOptions } from "./drain.js";
import type { Moment } from "./moments.js";
import type { Witness } from "./witness.js";

/** What one process left when it was ended. */
export interface CrashFigures {
  readonly moment: Moment;
  readonly blow: Blow;
  /** Messages that it had when the signal was sent. */
  readonly inHand: number;
  /** Of these, those whose handler had begun. */
  readonly begun: number;
  /** Of these, those whose handler had even ended. */
  readonly done: number;
  /** Messages that it had begun, and another process has begun again. */
  readonly duplicates: number;
  /** Messages that nobody had when it was gone, as it had given them back. */
  readonly returned: number;
  /** Messages that a long poll was given in the moment in which it was aborted (docs/stopping.md, "Long polls"). */
  readonly stranded: number;
  /** Handlers that were told to end, as the time was over. */
  readonly handlersAborted: number;
  readonly tookMs: number;
}

export interface Account extends Omit<DrainOptions, "crashes" | "onProgress"> {
  readonly tookMs: number;
  readonly processes: number;
  readonly sent: number;
  readonly deleted: number;
  /** Messages whose handler has returned at least once. */
  readonly handled: number;
  /** Calls of handlers beyond the first of each message. */
  readonly duplicates: number;
  readonly crashes: readonly CrashFigures[];
  /** How long a message that was given back waited for the next who took it, in milliseconds. */
  readonly returnWaitsMs: readonly number[];
  /** Errors that were told, by code. */
  readonly errors: Readonly<Record<string, number>>;
  /** What must not be. */
  readonly complaints: readonly string[];
}

export interface AccountParts extends Omit<DrainOptions, "crashes"> {
  readonly crashes: readonly Crash[];
  readonly processes: readonly ConsumerProcess[];
  readonly witness: Witness;
  readonly tookMs: number;
}

export function drawUp(parts: AccountParts): Account {
  const { seed, messages, signal, clients, grace, crashes, processes, witness, tookMs } = parts;
  for (const { ledger } of processes) ledger.read();
  const calls = collectCalls(processes);
  const handled = new Set(processes.flatMap(({ ledger }) => [...ledger.ended]));
  return {
    seed,
    messages,
    signal,
    clients,
    grace,
    tookMs,
    processes: processes.length,
    sent: witness.sent,
    deleted: witness.deletedBy.size,
    handled: handled.size,
    duplicates: [...calls.values()].reduce((sum, { length }) => sum + length - 1, 0),
    crashes: crashes.map((crash) => figuresOf(crash, calls, witness)),
    returnWaitsMs: witness.returns.flatMap(({ atMs, receivedAtMs }) =>
      receivedAtMs === undefined ? [] : [receivedAtMs - atMs],
    ),
    errors: sumErrors(processes),
    complaints: [
      ...complaintsAboutLosses(parts, handled),
      ...complaintsAboutDuplicates(parts, calls),
      ...(signal === "SIGTERM"
        ? crashes.flatMap((crash) => complaintsAboutStop(crash, figuresOf(crash, calls, witness)))
        : []),
      ...complaintsAboutEnds(processes, crashes),
    ],
  };
}

interface Call {
  readonly process: ConsumerProcess;
  readonly at: number;
}

/** By message: every call of a handler, in the order in which they began. */
type Calls = ReadonlyMap<string, readonly Call[]>;

function collectCalls(processes: readonly ConsumerProcess[]): Calls {
  const calls = new Map<string, Call[]>();
  for (const process of processes) {
    for (const [id, times] of process.ledger.began) {
      calls.set(id, [...(calls.get(id) ?? []), ...times.map((at) => ({ process, at }))]);
    }
  }
  for (const each of calls.values()) each.sort((a, b) => a.at - b.at);
  return calls;
}

/** How long a stop waits for long polls before it aborts them. */
const POLL_GRACE_MS = 1_000;

/** Messages that the process has never seen, given to a poll at about the time at which it has aborted those that were out. */
function strandedBy({ victim, left, sentAt }: Crash): number {
  const fromMs = sentAt + POLL_GRACE_MS / 2;
  return [...left].filter(([id, receivedAt]) => receivedAt >= fromMs && !victim.ledger.began.has(id)).length;
}

function figuresOf(crash: Crash, calls: Calls, witness: Witness): CrashFigures {
  const { victim, moment, blow, inHand, tookMs } = crash;
  const { began, ended } = victim.ledger;
  return {
    moment,
    blow,
    inHand: inHand.size,
    begun: [...inHand.keys()].filter((id) => began.has(id)).length,
    done: [...inHand.keys()].filter((id) => ended.has(id)).length,
    duplicates: [...began.keys()].filter((id) => calls.get(id)?.at(-1)?.process !== victim).length,
    returned: witness.returns.filter(({ owner }) => owner === victim.name).length,
    stranded: blow === "SIGKILL" ? 0 : strandedBy(crash),
    handlersAborted: victim.told.stopped?.handlersAborted ?? 0,
    tookMs,
  };
}

/** Every message was sent, handled by a process that then deleted it, and is gone. */
function complaintsAboutLosses({ messages, processes, witness }: AccountParts, handled: ReadonlySet<string>): string[] {
  const complaints: string[] = [];
  if (witness.sent !== messages) complaints.push(`${witness.sent} of ${messages} messages were sent`);
  if (witness.deletedBy.size !== messages)
    complaints.push(`${witness.deletedBy.size} of ${messages} messages were deleted`);
  if (handled.size !== messages) complaints.push(`${handled.size} of ${messages} messages were handled`);
  const byName = new Map(processes.map((process) => [process.name, process]));
  for (const [id, owner] of witness.deletedBy) {
    if (byName.get(owner)?.ledger.ended.has(id) !== true)
      complaints.push(`${id} was deleted by ${owner}, which has not handled it`);
  }
  return complaints;
}

/** Every call but the last was in a process that was killed with the message in hand, or stopped before the handler had ended. */
function complaintsAboutDuplicates({ crashes }: AccountParts, calls: Calls): string[] {
  const crashOf = new Map(crashes.map((crash) => [crash.victim, crash]));
  const complaints: string[] = [];
  for (const [id, callsOfMessage] of calls) {
    const before = callsOfMessage.slice(0, -1).map(({ process }) => process);
    const isExcused = before.every((process) => mayHaveLost(process, id, crashOf.get(process)));
    if (isExcused && new Set(before).size === before.length) continue;
    const names = callsOfMessage.map(({ process }) => process.name).join(", ");
    complaints.push(`${id} was begun by ${names}, and that is no crash's doing`);
  }
  return complaints;
}

function mayHaveLost({ told }: ConsumerProcess, id: string, crash: Crash | undefined): boolean {
  if (crash?.blow === "SIGKILL") return crash.inHand.has(id);
  return (told.stopped?.handlersAborted ?? 0) > 0;
}

/** After a SIGTERM everything is acknowledged or given back, but for handlers that were cut off: those were counted. */
function complaintsAboutStop(
  { victim, moment, blow, end, left }: Crash,
  { duplicates, handlersAborted, stranded }: CrashFigures,
): string[] {
  const { stopped } = victim.told;
  const { began, ended } = victim.ledger;
  const where = `${victim.name} (${moment})`;
  const complaints: string[] = [];
  // A second signal may find a process that has stopped and is ending, and listens no more.
  const isEnding = blow === "SIGTERM twice" && stopped !== undefined;
  if (end.exitCode !== 0 && !isEnding)
    complaints.push(`${where} has ended with ${end.exitCode ?? end.signal}: ${end.errorOutput}`);
  if (stopped === undefined || stopped.settlementsLost > 0) complaints.push(`${where} has lost acknowledgements`);
  const cutOff = [...began.keys()].filter((id) => !ended.has(id));
  if (Math.max(cutOff.length, duplicates) > handlersAborted) {
    complaints.push(`${where} has cut off ${cutOff.length} handlers: ${JSON.stringify(stopped)}`);
  }
  // What was cut off and heeded its signal has failed: it is hidden for the delay of its retry.
  const kept = [...left.keys()].filter((id) => !cutOff.includes(id)).length - stranded;
  if (kept > 0) complaints.push(`${where} has kept ${kept} messages from others`);
  return complaints;
}

/** Nobody has died by himself. */
function complaintsAboutEnds(processes: readonly ConsumerProcess[], crashes: readonly Crash[]): string[] {
  const ended = new Set(crashes.map(({ victim }) => victim));
  return processes
    .filter((process) => !ended.has(process) && process.told.stopped === undefined)
    .map(({ name }) => `${name} has ended without being told to`);
}

function sumErrors(processes: readonly ConsumerProcess[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { told } of processes) {
    for (const [code, count] of Object.entries(told.errors ?? {})) sums[code] = (sums[code] ?? 0) + count;
  }
  return sums;
}
