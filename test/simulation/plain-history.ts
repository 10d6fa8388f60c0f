// A history in which nothing goes wrong, for tests that make something go wrong.
import type { ConsumerPlan, History, PlannedMessage, PoolPlan, Turn } from "./history.js";
import { PLAIN_TURN } from "./turns.js";

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
  queue: 0,
  worker: PLAIN_POOL,
  tenants: undefined,
  rate: undefined,
  maxInFlightMessages: undefined,
  batches: undefined,
  reactions: [],
  timerSkewMs: [0, 0],
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

const PLAIN_MESSAGE: PlannedMessage = { queue: 0, sentAtMs: 0, weight: 1, group: 0, paddingBytes: 0, turns: [] };

/** Messages that were sent before the start, each with one run. */
export function plainMessages(count: number, turn: Partial<Turn> = {}): PlannedMessage[] {
  return Array.from({ length: count }, () => ({
    ...PLAIN_MESSAGE,
    turns: [{ ...PLAIN_TURN, durationMs: 100, ...turn }],
  }));
}

export function plainHistory(overrides: Partial<History> = {}): History {
  return {
    seed: 1,
    queues: [{ isFifo: false, maxReceiveCount: undefined }],
    messages: plainMessages(20),
    consumers: [PLAIN_CONSUMER],
    group: undefined,
    commands: [{ atMs: 0, consumer: 0, action: "start", timeoutMs: 0 }],
    faultPeriods: [],
    stalls: [],
    wallClockJumps: [],
    shuffleSeed: undefined,
    latencyMs: [5, 5],
    abortedPollsSwallowMessages: false,
    endsAtMs: 30_000,
    finale: "stop",
    idleShare: 0.5,
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
