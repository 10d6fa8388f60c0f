// What the program around the consumers tells them, and when.
import type { Draw } from "../draw.js";
import type { Command, ConsumerPlan } from "../history.js";
import { drawRate, drawTenants } from "./consumers.js";
import { drawStopTimeout } from "./messages.js";
import type { Temper } from "./temper.js";

export function drawCommands(draw: Draw, temper: Temper, plans: readonly ConsumerPlan[]): Command[] {
  return plans.flatMap((plan, consumer) => {
    // A group is started and stopped as a whole.
    const isLed = temper.isGroup && consumer > 0;
    const lives = isLed ? [] : drawLives(draw, consumer, temper.endsAtMs);
    return [...lives, ...drawAdjustments(draw, { plan, consumer, endsAtMs: temper.endsAtMs })];
  });
}

/** Starts and stops: before, during and after each other, once and twice. */
function drawLives(draw: Draw, consumer: number, endsAtMs: number): Command[] {
  const start = (atMs: number): Command => ({ atMs, consumer, action: "start", timeoutMs: 0 });
  const stop = (atMs: number): Command => ({ atMs, consumer, action: "stop", timeoutMs: drawStopTimeout(draw) });
  const startsAtMs = draw.happens(0.7) ? 0 : draw.integer(0, 5_000);
  const commands: Command[] = [];
  if (draw.happens(0.1)) commands.push(stop(draw.integer(0, startsAtMs)));
  commands.push(start(startsAtMs));
  const changes = draw.oneOf([0, 0, 1, 2, 4]);
  for (let change = 0; change < changes; change += 1) {
    const atMs = draw.happens(0.15) ? startsAtMs + draw.integer(0, 50) : draw.integer(0, endsAtMs);
    commands.push(stop(atMs));
    if (draw.happens(0.3)) commands.push(stop(atMs + draw.oneOf([0, draw.integer(0, 2_000)])));
    const pauseMs = draw.oneOf([0, draw.integer(0, 20), draw.integer(0, 20_000), draw.integer(0, 20_000)]);
    commands.push(start(atMs + pauseMs));
    if (draw.happens(0.2)) commands.push(start(atMs + pauseMs + draw.integer(0, 100)));
  }
  return commands.sort((one, other) => one.atMs - other.atMs);
}

interface Adjusted {
  readonly plan: ConsumerPlan;
  readonly consumer: number;
  readonly endsAtMs: number;
}

/** Pauses, rates and limits that change while it runs. */
function drawAdjustments(draw: Draw, { plan, consumer, endsAtMs }: Adjusted): Command[] {
  const at = (action: Command["action"], atMs: number = draw.integer(0, endsAtMs)): Command => ({
    atMs,
    consumer,
    action,
    timeoutMs: 0,
  });
  const commands: Command[] = [];
  for (let pauses = draw.oneOf([0, 0, 0, 1, 3]); pauses > 0; pauses -= 1) {
    const pause = at("pause");
    commands.push(pause);
    const pauseMs = draw.oneOf([0, 10, draw.integer(0, 30_000)]);
    if (draw.happens(0.8)) commands.push(at("resume", pause.atMs + pauseMs));
  }
  for (let rates = draw.oneOf([0, 0, 0, 1, 3]); rates > 0; rates -= 1) {
    commands.push({ ...at("setRate"), rate: draw.maybe(0.8, () => drawRate(draw)) });
  }
  const { kind } = plan.worker;
  for (let resizes = draw.oneOf([0, 0, 1, 3]); resizes > 0 && (kind === "pool" || kind === "own"); resizes -= 1) {
    commands.push({ ...at("resize"), slots: draw.integer(leastSlots(plan), 40) });
  }
  for (let changes = draw.oneOf([0, 1, 2]); changes > 0 && plan.tenants !== undefined; changes -= 1) {
    commands.push({ ...at("setTenants"), tenants: drawTenants(draw) });
  }
  if (kind === "share" && draw.happens(0.3)) commands.push({ ...at("update"), slots: draw.integer(1, 9) });
  return commands;
}

function leastSlots({ worker, batches }: ConsumerPlan): number {
  return Math.max(1, worker.kind === "pool" ? worker.minWorkers : 1, batches?.size ?? 1);
}
