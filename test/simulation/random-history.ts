// Makes a history out of one number.
import { Draw } from "./draw.js";
import type {
  Command,
  ConsumerPlan,
  Ending,
  FaultPeriod,
  History,
  PlannedMessage,
  PoolPlan,
  SemaphorePlan,
  Turn,
} from "./history.js";

const GOOD_ENDINGS: readonly Ending[] = ["return", "returnText", "ack", "drop"];
const OTHER_ENDINGS: readonly Ending[] = [
  "deadLetter",
  "retry",
  "release",
  "throwError",
  "throwUndefined",
  "throwText",
  "throwRetry",
];

/** The temper of a history: what all of its parts are drawn by. */
interface Temper {
  readonly endsAtMs: number;
  readonly longestVisibilityMs: number;
  readonly failureChance: number;
  readonly slowness: "quick" | "mixed" | "slow";
  readonly maySpeak: boolean;
}

export function createHistory(seed: number): History {
  const draw = new Draw(seed);
  const consumers = Array.from({ length: draw.happens(0.25) ? 2 : 1 }, () => drawConsumer(draw));
  const endsAtMs = draw.integer(10_000, draw.oneOf([30_000, 90_000, 240_000]));
  const temper: Temper = {
    endsAtMs,
    longestVisibilityMs: Math.max(...consumers.map((plan) => plan.visibilityTimeoutSeconds * 1_000)),
    failureChance: draw.oneOf([0, 0.1, 0.4]),
    slowness: draw.oneOf(["quick", "mixed", "slow"]),
    maySpeak: draw.happens(0.4),
  };
  const isFaultless = draw.happens(0.25);
  return {
    seed,
    maxReceiveCount: draw.maybe(0.4, () => draw.integer(2, 12)),
    messages: Array.from({ length: drawMessageCount(draw) }, () => drawMessage(draw, temper)),
    consumers,
    commands: consumers.flatMap((_, consumer) => [
      ...drawCommands(draw, consumer, endsAtMs),
      ...drawBudgetCommands(new Draw(seed ^ (0xb0d6e7 + consumer)), consumer, endsAtMs),
    ]),
    faultPeriods: isFaultless ? [] : drawFaultPeriods(draw, endsAtMs),
    latencyMs: draw.oneOf([[0, 0], [0, 0], [1, 5], [20, 20], [5, 300], isFaultless ? [5, 300] : [0, 900]] as const),
    abortedPollsSwallowMessages: draw.happens(0.3),
    endsAtMs,
    finale: draw.oneOf(["goOn", "stop"]),
  };
}

function drawMessageCount(draw: Draw): number {
  return draw.integer(0, draw.oneOf([5, 20, 20, 60, 120]));
}

function drawMessage(draw: Draw, temper: Temper): PlannedMessage {
  const turnCount = draw.oneOf([1, 1, 1, 2, 3]);
  return {
    sentAtMs: draw.happens(0.5) ? 0 : draw.integer(0, temper.endsAtMs),
    weight: draw.integer(1, 4),
    turns: Array.from({ length: turnCount }, () => drawTurn(draw, temper)),
  };
}

function drawTurn(draw: Draw, temper: Temper): Turn {
  const isSynchronous = draw.happens(0.1);
  return {
    ending: draw.oneOf(draw.happens(temper.failureChance) ? OTHER_ENDINGS : GOOD_ENDINGS),
    durationMs: isSynchronous ? 0 : drawDuration(draw, temper),
    isSynchronous,
    isHeedful: draw.happens(0.6),
    retrySeconds: draw.oneOf([0, 0, 1, 2.5, 30]),
    extendSeconds: temper.maySpeak ? draw.maybe(0.15, () => draw.integer(1, 120)) : undefined,
    stopTimeoutMs: temper.maySpeak ? draw.maybe(0.02, () => drawStopTimeout(draw)) : undefined,
  };
}

function drawDuration(draw: Draw, { slowness, longestVisibilityMs }: Temper): number {
  const kind = slowness === "mixed" ? draw.oneOf(["quick", "quick", "slow"]) : slowness;
  if (kind === "quick") return draw.oneOf([0, 1, draw.integer(1, 20), draw.integer(10, 500)]);
  return draw.oneOf([draw.integer(500, 5_000), draw.integer(500, 5_000), draw.integer(0, longestVisibilityMs * 2.2)]);
}

function drawStopTimeout(draw: Draw): number {
  return draw.oneOf([0, 50, draw.integer(100, 3_000), 25_000, 25_000, Infinity]);
}

function drawConsumer(draw: Draw): ConsumerPlan {
  return {
    worker: draw.happens(0.7) ? drawPool(draw) : drawSemaphore(draw),
    visibilityTimeoutSeconds: draw.oneOf([5, 5, 6, 10, 30, 60]),
    waitTimeSeconds: draw.oneOf([1, 2, 5, 20, 20]),
    maxReceives: draw.oneOf([1, 2, 10, 50]),
    settleMaxAgeMs: draw.oneOf([0, 1, 50, 250, 250, 2_000]),
    maxSettleRequests: draw.oneOf([2, 5, 25, 25]),
    maxUnconfirmed: draw.oneOf([10, 10, 100, 5_000]),
    pollGraceMs: draw.oneOf([0, 1_000, 1_000, 20_000]),
    requestTimeoutMs: draw.oneOf([1_500, 5_000, 10_000]),
    abortGraceMs: draw.oneOf([0, 100, 1_000, 1_000, 10_000]),
    handlerTimeoutMs: draw.maybe(0.3, () => draw.oneOf([100, 2_000, 10_000, 40_000])),
    overdueAfterMs: draw.maybe(0.2, () => draw.integer(1, 5_000)),
    retry: draw.oneOf(["default", "exponential", "constant", "constant", "deadLetter", "throws", "nonsense"]),
    isHostile: draw.happens(0.2),
  };
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

function drawSemaphore(draw: Draw): SemaphorePlan {
  return { kind: "semaphore", permits: draw.oneOf([1, 2, 5, 10, 30]), isWeighted: draw.happens(0.6) };
}

function drawCommands(draw: Draw, consumer: number, endsAtMs: number): Command[] {
  const commands: Command[] = [];
  const startsAtMs = draw.happens(0.7) ? 0 : draw.integer(0, 5_000);
  if (draw.happens(0.1)) {
    commands.push({ atMs: draw.integer(0, startsAtMs), consumer, action: "stop", timeoutMs: 0 });
  }
  commands.push({ atMs: startsAtMs, consumer, action: "start", timeoutMs: 0 });
  const changes = draw.oneOf([0, 0, 1, 2, 4]);
  for (let change = 0; change < changes; change += 1) {
    const atMs = draw.happens(0.15) ? startsAtMs + draw.integer(0, 50) : draw.integer(0, endsAtMs);
    commands.push({ atMs, consumer, action: "stop", timeoutMs: drawStopTimeout(draw) });
    if (draw.happens(0.3)) {
      commands.push({
        atMs: atMs + draw.integer(0, 2_000),
        consumer,
        action: "stop",
        timeoutMs: drawStopTimeout(draw),
      });
    }
    commands.push({
      atMs: atMs + (draw.happens(0.4) ? draw.integer(0, 20) : draw.integer(0, 20_000)),
      consumer,
      action: "start",
      timeoutMs: 0,
    });
  }
  return commands.sort((one, other) => one.atMs - other.atMs);
}

/** Pauses and rates while it runs. Drawn by itself, so that the rest of a history stays the same. */
function drawBudgetCommands(draw: Draw, consumer: number, endsAtMs: number): Command[] {
  const command = (action: Command["action"], atMs: number): Command => ({ atMs, consumer, action, timeoutMs: 0 });
  const commands: Command[] = [];
  for (let pauses = draw.oneOf([0, 0, 1, 3]); pauses > 0; pauses -= 1) {
    const atMs = draw.integer(0, endsAtMs);
    commands.push(command("pause", atMs));
    if (draw.happens(0.8)) commands.push(command("resume", atMs + draw.oneOf([0, 10, draw.integer(0, 30_000)])));
  }
  for (let rates = draw.oneOf([0, 0, 1, 3]); rates > 0; rates -= 1) {
    const perSecond = draw.maybe(0.8, () => draw.oneOf([0.2, 1, 2.5, 10, 100]));
    commands.push({ ...command("setRate", draw.integer(0, endsAtMs)), perSecond });
  }
  return commands;
}

function drawFaultPeriods(draw: Draw, endsAtMs: number): FaultPeriod[] {
  const periods: FaultPeriod[] = [];
  let fromMs = draw.happens(0.4) ? 0 : draw.integer(0, endsAtMs / 2);
  const count = draw.integer(1, 3);
  for (let index = 0; index < count && fromMs < endsAtMs; index += 1) {
    const toMs = Math.min(endsAtMs, fromMs + draw.integer(500, draw.oneOf([5_000, 30_000, 240_000])));
    periods.push(draw.happens(0.25) ? drawOutage(draw, fromMs, toMs) : drawTrouble(draw, fromMs, toMs));
    fromMs = toMs + draw.integer(0, endsAtMs / 4);
  }
  return periods;
}

function drawOutage(draw: Draw, fromMs: number, toMs: number): FaultPeriod {
  const faults = draw.oneOf<FaultPeriod["faults"]>([
    { connectionResets: 1 },
    { connectionResets: 1 },
    { throttling: 1 },
    { serverErrors: 1 },
    { hangs: 1 },
    {},
  ]);
  return { fromMs, toMs, isOutage: true, isDenied: Object.keys(faults).length === 0, faults };
}

/** Some of the switches, each by some chance. */
function drawTrouble(draw: Draw, fromMs: number, toMs: number): FaultPeriod {
  const chance = (): number => draw.oneOf([0.02, 0.1, 0.4]);
  const switches: Array<() => FaultPeriod["faults"]> = [
    () => ({ duplicates: chance() }),
    () => ({ duplicatesInOneReceive: chance() }),
    () => ({ reordering: chance() }),
    () => ({ emptyShortPolls: chance() }),
    () => ({ shortReceives: chance() }),
    () => ({ throttling: chance() }),
    () => ({ serverErrors: chance() }),
    () => ({ connectionResets: chance() }),
    () => ({ lostAnswers: chance() }),
    () => ({ hangs: draw.oneOf([0.02, 0.1]) }),
    () => ({ failedEntries: chance(), failedEntriesSenderFault: draw.oneOf([0, 0, 0.3, 1]) }),
    () => ({ oldReceiptHandlesWork: true }),
    () => ({ latencyMs: [draw.integer(0, 100), draw.integer(100, 900)], latencyBeforeWork: draw.random() }),
  ];
  const count = draw.integer(1, 5);
  const faults: FaultPeriod["faults"] = {};
  for (let index = 0; index < count; index += 1) Object.assign(faults, draw.oneOf(switches)());
  return { fromMs, toMs, isOutage: false, isDenied: false, faults };
}
