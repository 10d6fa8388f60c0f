// Makes a history out of one number. What is drawn of each part stands in `drawing/`.
import { Draw } from "./draw.js";
import { drawCommands } from "./drawing/commands.js";
import { drawConsumers, drawGroup } from "./drawing/consumers.js";
import { drawFaultPeriods, drawStalls, drawWallClockJumps } from "./drawing/faults.js";
import { drawMessages } from "./drawing/messages.js";
import { drawTemper } from "./drawing/temper.js";
import type { History } from "./history.js";

export function createHistory(seed: number): History {
  const draw = new Draw(seed);
  const temper = drawTemper(draw);
  const { endsAtMs, isFaultless } = temper;
  const consumers = drawConsumers(draw, temper);
  return {
    seed,
    queues: temper.queues,
    consumers,
    group: temper.isGroup ? drawGroup(draw) : undefined,
    messages: drawMessages(draw, temper),
    commands: drawCommands(draw, temper, consumers),
    faultPeriods: isFaultless ? [] : drawFaultPeriods(draw, endsAtMs),
    stalls: isFaultless ? [] : drawStalls(draw, temper),
    wallClockJumps: drawWallClockJumps(draw, temper),
    shuffleSeed: draw.maybe(0.3, () => draw.integer(1, 1_000_000)),
    latencyMs: draw.oneOf([[0, 0], [0, 0], [1, 5], [20, 20], [5, 300], isFaultless ? [5, 300] : [0, 900]] as const),
    abortedPollsSwallowMessages: draw.happens(0.3),
    endsAtMs,
    finale: draw.oneOf(["goOn", "stop"]),
    idleShare: draw.oneOf([0.5, 0.5, 0]),
  };
}
