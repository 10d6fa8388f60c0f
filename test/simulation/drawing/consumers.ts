// The consumers: every option that changes what they do, and what their listeners do.
import type { Draw } from "../draw.js";
import type {
  BatchPlan,
  ConsumerPlan,
  GroupPlan,
  PoolPlan,
  RatePlan,
  Reaction,
  SemaphorePlan,
  SharePlan,
  TenantPlan,
  WorkerPlan,
} from "../history.js";
import type { Temper } from "./temper.js";

export function drawConsumers(draw: Draw, temper: Temper): ConsumerPlan[] {
  return Array.from({ length: temper.consumers }, (_, index) => drawConsumer(draw, temper, temper.isGroup ? index : 0));
}

export function drawGroup(draw: Draw): GroupPlan {
  return {
    pool: { ...drawPool(draw), resource: undefined },
    sharedReceives: draw.oneOf([0, 1, 50]),
    sharedSettleRequests: draw.oneOf([1, 5, 50]),
  };
}

function drawConsumer(draw: Draw, temper: Temper, queue: number): ConsumerPlan {
  const batches = draw.maybe(0.08, () => drawBatches(draw));
  const worker = drawWorker(draw, temper, batches?.size ?? 1);
  return {
    queue,
    worker,
    batches,
    tenants: worker.kind === "semaphore" ? undefined : draw.maybe(0.15, () => drawTenants(draw)),
    rate: draw.maybe(0.1, () => drawRate(draw)),
    maxInFlightMessages: draw.maybe(temper.hasPadding ? 0.5 : 0.02, () => draw.oneOf([1, 3, 10, 30])),
    reactions: draw.happens(0.06) ? [drawReaction(draw), drawReaction(draw)] : [],
    timerSkewMs: draw.happens(0.1) ? [-0.9, draw.oneOf([0, 4, 30])] : [0, 0],
    visibilityTimeoutSeconds: draw.oneOf(temper.visibilitiesSeconds),
    waitTimeSeconds: temper.pace === "hours" ? 20 : draw.oneOf([1, 2, 5, 20, 20]),
    maxReceives: draw.oneOf([1, 2, 10, 50]),
    settleMaxAgeMs: draw.oneOf([0, 1, 50, 250, 250, 2_000]),
    maxSettleRequests: draw.oneOf([2, 5, 25, 25]),
    maxUnconfirmed: draw.oneOf([10, 10, 100, 5_000]),
    pollGraceMs: draw.oneOf([0, 1_000, 1_000, 20_000]),
    requestTimeoutMs: draw.oneOf([1_500, 5_000, 10_000]),
    abortGraceMs: draw.oneOf([0, 100, 1_000, 1_000, 10_000]),
    handlerTimeoutMs: draw.maybe(temper.pace === "hours" ? 0 : 0.3, () => draw.oneOf([100, 2_000, 10_000, 40_000])),
    overdueAfterMs: draw.maybe(0.2, () => draw.integer(1, 5_000)),
    retry: draw.oneOf(["default", "exponential", "constant", "constant", "deadLetter", "throws", "nonsense"]),
    isHostile: draw.happens(0.2),
  };
}

function drawWorker(draw: Draw, temper: Temper, leastSlots: number): WorkerPlan {
  if (temper.isGroup) return drawShare(draw, leastSlots);
  const kind = draw.oneOf(["pool", "pool", "pool", "pool", "own", "semaphore", "semaphore"] as const);
  if (kind === "own") return { kind, concurrency: Math.max(leastSlots, draw.oneOf([1, 3, 10, 30])) };
  if (kind === "semaphore") return drawSemaphore(draw, leastSlots);
  const pool = drawPool(draw);
  return { ...pool, maxWorkers: Math.max(pool.maxWorkers, leastSlots) };
}

function drawPool(draw: Draw): PoolPlan {
  const maxWorkers = draw.oneOf([1, 2, 3, 10, 10, 30]);
  return {
    kind: "pool",
    maxWorkers,
    minWorkers: draw.oneOf([0, 0, draw.integer(0, maxWorkers)]),
    waitingRoom: draw.oneOf([0, 1, 7, 100, 1_000]),
    waitingRoomMs: draw.oneOf([0, 100, 1_000, 1_000, 30_000]),
    idleTimeoutMs: draw.oneOf([1, 100, 10_000]),
    resource: draw.maybe(0.3, () => ({
      startMs: draw.oneOf([0, 10, 1_000]),
      failures: draw.oneOf([0, 0, 1, 3]),
    })),
  };
}

function drawSemaphore(draw: Draw, leastSlots: number): SemaphorePlan {
  const permits = Math.max(leastSlots, draw.oneOf([1, 2, 5, 10, 30]));
  return { kind: "semaphore", permits, isWeighted: leastSlots === 1 && draw.happens(0.6) };
}

function drawShare(draw: Draw, leastSlots: number): SharePlan {
  const maxRunning = leastSlots > 1 ? undefined : draw.maybe(0.3, () => draw.integer(1, 5));
  return { kind: "share", weight: draw.oneOf([1, 1, 8]), priority: draw.oneOf([0, 0, 1]), maxRunning };
}

export function drawRate(draw: Draw): RatePlan {
  return { perSecond: draw.oneOf([0.2, 1, 2.5, 10, 100]), burst: draw.maybe(0.5, () => draw.oneOf([1, 2, 10, 50])) };
}

export function drawTenants(draw: Draw): TenantPlan {
  return {
    maxRunning: draw.maybe(0.5, () => draw.integer(1, 4)),
    rate: draw.maybe(0.4, () => ({
      perSecond: draw.oneOf([0.5, 2, 10]),
      burst: draw.maybe(0.5, () => draw.integer(1, 5)),
    })),
    maxWaitMs: draw.oneOf([100, 1_000, 10_000]),
    keepFromAttempt: draw.oneOf([1, 2, 5]),
  };
}

function drawBatches(draw: Draw): BatchPlan {
  return {
    size: draw.oneOf([1, 3, 10]),
    waitMs: draw.oneOf([0, 20, 500, 3_000]),
    key: draw.oneOf(["none", "none", "group", "thirds"]),
  };
}

function drawReaction(draw: Draw): Reaction {
  return {
    event: draw.oneOf(["started", "stopping", "stopped", "messageStarted", "settled", "error", "paused", "received"]),
    action: draw.oneOf(["start", "stop", "pause", "resume"]),
    times: draw.integer(1, 2),
  };
}
