// A history in which nothing goes wrong, for tests that make something go wrong.
import type { ConsumerPlan, History, PlannedMessage, PoolPlan, Turn } from "./history.js";

const PLAIN_TURN: Turn = {
  ending: "return",
  durationMs: 100,
  isSynchronous: false,
  isHeedful: true,
  retrySeconds: 0,
  extendSeconds: undefined,
  stopTimeoutMs: undefined,
};

export const PLAIN_POOL: PoolPlan = {
  kind: "pool",
  maxWorkers: 3,
  minWorkers: 0,
  waitingRoom: 100,
  waitingRoomMs: 1_000,
  idleTimeoutMs: 10_000,
  resource: undefined,
};

export const PLAIN_CONSUMER: ConsumerPlan = {
  worker: PLAIN_POOL,
  visibilityTimeoutSeconds: 10,
  waitTimeSeconds: 20,
  maxReceives: 10,
  settleMaxAgeMs: 250,
  maxSettleRequests: 25,
  maxUnconfirmed: 5_000,
  pollGraceMs: 1_000,
  requestTimeoutMs: 10_000,
  abortGraceMs: 1_000,
  handlerTimeoutMs: undefined,
  overdueAfterMs: undefined,
  retry: "constant",
  isHostile: false,
};

/** Messages that were sent before the start, each with one run. */
export function plainMessages(count: number, turn: Partial<Turn> = {}): PlannedMessage[] {
  return Array.from({ length: count }, () => ({ sentAtMs: 0, weight: 1, turns: [{ ...PLAIN_TURN, ...turn }] }));
}

export function plainHistory(overrides: Partial<History> = {}): History {
  return {
    seed: 1,
    maxReceiveCount: undefined,
    messages: plainMessages(20),
    consumers: [PLAIN_CONSUMER],
    commands: [{ atMs: 0, consumer: 0, action: "start", timeoutMs: 0 }],
    faultPeriods: [],
    latencyMs: [5, 5],
    abortedPollsSwallowMessages: false,
    endsAtMs: 30_000,
    finale: "stop",
    ...overrides,
  };
}

/** A start, and a stop a little later. */
export function startAndStop(stopAtMs: number, timeoutMs: number): History["commands"] {
  return [
    { atMs: 0, consumer: 0, action: "start", timeoutMs: 0 },
    { atMs: stopAtMs, consumer: 0, action: "stop", timeoutMs },
  ];
}
