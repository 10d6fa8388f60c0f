// Cuts a failing history down: whatever can be left out while the same promise is still broken, is.
import type { ConsumerPlan, FaultPeriod, History } from "./history.js";
import type { PromiseName } from "./violation.js";
import { playHistory } from "./playing.js";
import type { PlayOptions } from "./world.js";

/** What shrinking may cost. */
export interface ShrinkOptions extends PlayOptions {
  /** How many histories are played at most. */
  readonly attempts?: number;
}

/** The smallest variant that was found. It is greedy: another order might have found a smaller one. */
export async function shrinkHistory(
  history: History,
  promise: PromiseName,
  options: ShrinkOptions = {},
): Promise<History> {
  let smallest = history;
  let attemptsLeft = options.attempts ?? 400;
  const stillFails = async (candidate: History): Promise<boolean> => {
    attemptsLeft -= 1;
    const { violations } = await playHistory(candidate, options);
    return violations[0]?.promise === promise;
  };
  for (let hasShrunk = true; hasShrunk;) {
    hasShrunk = false;
    for (const shrink of SHRINKS) {
      // What could be left out once can often be left out again.
      for (let index = 0, candidate = shrink(smallest, index); candidate !== undefined && attemptsLeft > 0;) {
        if (isSmaller(candidate, smallest) && (await stillFails(candidate))) {
          smallest = candidate;
          hasShrunk = true;
        } else index += 1;
        candidate = shrink(smallest, index);
      }
    }
  }
  return smallest;
}

/** Leaving out what is not there would go on for ever. */
function isSmaller(candidate: History, history: History): boolean {
  return JSON.stringify(candidate) !== JSON.stringify(history);
}

/** Answers with the `index`-th way to make a history smaller in one respect, or undefined when there are no more. */
type Shrink = (history: History, index: number) => History | undefined;

const SHRINKS: readonly Shrink[] = [
  (history, index) => replaceList(history, "faultPeriods", leaveOut(history.faultPeriods, index)),
  leaveConsumerOut,
  leaveMessagesOut,
  leaveCommandOut,
  leaveFaultOut,
  shorten,
  simplifyTurn,
  simplifyConsumer,
  simplifyService,
];

function leaveOut<Item>(list: readonly Item[], index: number): Item[] | undefined {
  return index < list.length ? list.filter((_, position) => position !== index) : undefined;
}

function replaceList<Name extends "faultPeriods" | "commands" | "messages">(
  history: History,
  name: Name,
  list: History[Name] | undefined,
): History | undefined {
  return list === undefined ? undefined : { ...history, [name]: list };
}

function leaveConsumerOut(history: History, index: number): History | undefined {
  if (history.consumers.length < 2 || index >= history.consumers.length) return undefined;
  const isLeft = ({ consumer }: { readonly consumer: number }): boolean => consumer !== index;
  const moved = <Part extends { readonly consumer: number }>(part: Part): Part => ({
    ...part,
    consumer: part.consumer > index ? part.consumer - 1 : part.consumer,
  });
  // What it alone would have consumed is not sent.
  const consumers = history.consumers.filter((_, position) => position !== index);
  return {
    ...history,
    consumers,
    messages: history.messages.filter(({ queue }) => consumers.some((plan) => plan.queue === queue)),
    commands: history.commands.filter(isLeft).map(moved),
    stalls: history.stalls.filter(isLeft).map(moved),
  };
}

/** Halves first, then quarters and so on, down to single messages. */
function leaveMessagesOut(history: History, index: number): History | undefined {
  const { messages } = history;
  const level = Math.floor(Math.log2(index + 2));
  const size = Math.max(1, Math.ceil(messages.length / 2 ** level));
  const from = (index + 2 - 2 ** level) * size;
  if (messages.length === 0 || (from >= messages.length && size === 1)) return undefined;
  const left = messages.filter((_, position) => position < from || position >= from + size);
  return { ...history, messages: left };
}

function leaveCommandOut(history: History, index: number): History | undefined {
  return replaceList(history, "commands", leaveOut(history.commands, index));
}

function leaveFaultOut(history: History, index: number): History | undefined {
  const switches = history.faultPeriods.flatMap((period, position) =>
    Object.keys(period.faults).map((name) => ({ position, name })),
  );
  const chosen = switches[index];
  if (chosen === undefined) return undefined;
  const faultPeriods = history.faultPeriods.map((period, position): FaultPeriod => {
    if (position !== chosen.position) return period;
    const faults = Object.fromEntries(Object.entries(period.faults).filter(([name]) => name !== chosen.name));
    return { ...period, faults };
  });
  return { ...history, faultPeriods };
}

function shorten(history: History, index: number): History | undefined {
  const share = [0.25, 0.5, 0.8][index];
  if (share === undefined || history.endsAtMs < 2_000) return undefined;
  const endsAtMs = Math.floor(history.endsAtMs * share);
  return {
    ...history,
    endsAtMs,
    commands: history.commands.filter(({ atMs }) => atMs < endsAtMs),
    messages: history.messages.map((message) => ({ ...message, sentAtMs: Math.min(message.sentAtMs, endsAtMs) })),
    stalls: history.stalls
      .filter(({ fromMs }) => fromMs < endsAtMs)
      .map((stall) => ({ ...stall, toMs: Math.min(stall.toMs, endsAtMs) })),
    faultPeriods: history.faultPeriods
      .filter(({ fromMs }) => fromMs < endsAtMs)
      .map((period) => ({ ...period, toMs: Math.min(period.toMs, endsAtMs) })),
  };
}

function simplifyTurn(history: History, index: number): History | undefined {
  const message = history.messages[index];
  if (message === undefined) return undefined;
  const turns = message.turns.slice(0, -1);
  return { ...history, messages: history.messages.map((other, at) => (at === index ? { ...message, turns } : other)) };
}

const SIMPLER_CONSUMERS: ReadonlyArray<Partial<ConsumerPlan>> = [
  { isHostile: false },
  { handlerTimeoutMs: undefined },
  { overdueAfterMs: undefined },
  { retry: "constant" },
  { settleMaxAgeMs: 0 },
  { maxSettleRequests: 25 },
  { maxUnconfirmed: 5_000 },
  { maxReceives: 1 },
  { tenants: undefined },
  { rate: undefined },
  { maxInFlightMessages: undefined },
  { batches: undefined },
  { reactions: [] },
  { timerSkewMs: [0, 0] },
];

function simplifyConsumer(history: History, index: number): History | undefined {
  const simpler = SIMPLER_CONSUMERS[index];
  if (simpler === undefined) return undefined;
  return { ...history, consumers: history.consumers.map((plan) => ({ ...plan, ...simpler })) };
}

function simplifyService(history: History, index: number): History | undefined {
  const simpler: ReadonlyArray<Partial<History>> = [
    { latencyMs: [0, 0] },
    { abortedPollsSwallowMessages: false },
    { queues: history.queues.map((queue) => ({ ...queue, maxReceiveCount: undefined })) },
    { queues: history.queues.map((queue) => ({ ...queue, isFifo: false })) },
    { shuffleSeed: undefined },
    { stalls: [] },
    { stalls: history.stalls.slice(1) },
    { stalls: history.stalls.slice(0, -1) },
    { wallClockJumps: [] },
    { finale: "stop" },
    { idleShare: 0.5 },
  ];
  const chosen = simpler[index];
  return chosen === undefined ? undefined : { ...history, ...chosen };
}
