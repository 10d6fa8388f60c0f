// What goes wrong: at the service, on the way, and with the process itself.
import type { Draw } from "../draw.js";
import type { FaultPeriod, History, Stall } from "../history.js";
import type { Temper } from "./temper.js";

export function drawFaultPeriods(draw: Draw, endsAtMs: number): FaultPeriod[] {
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

/** Some of the switches, each by some chance; at times every one at once. */
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
  const faults: FaultPeriod["faults"] = {};
  if (draw.happens(0.05)) {
    for (const one of switches) Object.assign(faults, one());
  } else {
    for (let left = draw.integer(1, 5); left > 0; left -= 1) Object.assign(faults, draw.oneOf(switches)());
  }
  return { fromMs, toMs, isOutage: false, isDenied: false, faults };
}

/** A process that does nothing for a while: a machine that sleeps, a loop that is blocked. */
export function drawStalls(draw: Draw, { endsAtMs, consumers, longestVisibilityMs }: Temper): Stall[] {
  if (!draw.happens(0.1)) return [];
  return Array.from({ length: draw.integer(1, 3) }, () => {
    const fromMs = draw.integer(0, endsAtMs);
    const lengthMs = draw.oneOf([50, draw.integer(100, 5_000), draw.integer(1_000, longestVisibilityMs * 1.5)]);
    return { consumer: draw.integer(0, consumers - 1), fromMs, toMs: Math.min(endsAtMs, fromMs + lengthMs) };
  });
}

export function drawWallClockJumps(draw: Draw, { endsAtMs }: Temper): History["wallClockJumps"] {
  if (!draw.happens(0.1)) return [];
  return Array.from({ length: draw.integer(1, 3) }, () => ({
    atMs: draw.integer(0, endsAtMs),
    byMs: draw.oneOf([-86_400_000, -3_600_000, -20_000, 20_000, 3_600_000, 86_400_000]),
  }));
}
