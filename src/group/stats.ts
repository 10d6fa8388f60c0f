// What a group is doing, in all and queue by queue.
import type { ConsumerState, ConsumerStats } from "../consumer/consumer.js";
import { type Counters, createCounters } from "../consumer/counters.js";
import type { StopResult } from "../consumer/stop.js";
import type { Outcome } from "../runner/outcome.js";
import type { Member } from "./queue.js";

/** What one queue of a group is doing at one moment. `workers` are those of the whole pool. */
export interface GroupQueueStats extends ConsumerStats {
  /** How much handler time it gets beside the others of its priority. */
  readonly weight: number;
  /** Higher goes first. */
  readonly priority: number;
  /** How long its handlers have run in all, in milliseconds. One that runs is counted when it has ended. */
  readonly handlerTimeMs: number;
}

/** What a group is doing at one moment. */
export interface ConsumerGroupStats {
  readonly state: ConsumerState;
  /** Handlers that run now. */
  readonly running: number;
  /** Messages that are here and have not started. */
  readonly waiting: number;
  /** Workers that exist, busy or idle. */
  readonly workers: number;
  /** Requests for messages that are out. */
  readonly receivesInFlight: number;
  /** Outcomes that the sources have not confirmed. */
  readonly settlementsPending: number;
  /** Bytes of the messages that are here, of those queues that have `maxInFlightBytes`. */
  readonly bytesInFlight: number;
  /** How long handlers have run in all, in milliseconds. One that runs is counted when it has ended. */
  readonly handlerTimeMs: number;
  /** What was done since the group was made, by queues that have been removed too. */
  readonly counters: Readonly<Counters>;
  /** The same for each queue, by its name. */
  readonly queues: Readonly<Record<string, GroupQueueStats>>;
}

/** What the stop of a group left: in all, and for each queue. */
export interface ConsumerGroupStopResult extends StopResult {
  /** What was left of each queue, by its name. */
  readonly queues: Readonly<Record<string, StopResult>>;
}

/** What one queue is doing now. */
export function statsOf<Resource>({ consumer, share }: Member<Resource>): GroupQueueStats {
  const { weight, priority, handlerTimeMs } = share;
  return { ...consumer.stats(), weight, priority, handlerTimeMs };
}

/** The sums over queues. */
export function sumStats(
  queues: readonly GroupQueueStats[],
): Omit<ConsumerGroupStats, "state" | "workers" | "counters" | "queues"> {
  const sum = (name: keyof typeof total): number => queues.reduce((before, queue) => before + queue[name], 0);
  const total = {
    running: 0,
    waiting: 0,
    receivesInFlight: 0,
    settlementsPending: 0,
    bytesInFlight: 0,
    handlerTimeMs: 0,
  };
  for (const name of Object.keys(total) as Array<keyof typeof total>) total[name] = sum(name);
  return total;
}

/** The sums of what was counted. */
export function sumCounters(all: ReadonlyArray<Readonly<Counters>>): Counters {
  const total = createCounters();
  for (const { settled, ...counters } of all) {
    for (const name of Object.keys(counters) as Array<keyof typeof counters>) total[name] += counters[name];
    for (const kind of Object.keys(settled) as Array<Outcome["kind"]>) total.settled[kind] += settled[kind];
  }
  return total;
}

/** What the stops of queues have left together. */
export function sumResults(
  results: ReadonlyArray<readonly [name: string, result: StopResult]>,
): ConsumerGroupStopResult {
  const all = results.map(([, result]) => result);
  const sum = (name: Exclude<keyof StopResult, "isDrained">): number =>
    all.reduce((total, result) => total + result[name], 0);
  return {
    isDrained: all.every(({ isDrained }) => isDrained),
    messagesReleased: sum("messagesReleased"),
    handlersAborted: sum("handlersAborted"),
    handlersAbandoned: sum("handlersAbandoned"),
    settlementsLost: sum("settlementsLost"),
    queues: Object.fromEntries(results),
  };
}
