// Plays a history with every source of chance seeded, and catches what nobody else does.
import { Draw } from "./draw.js";
import type { History } from "./history.js";
import type { Violation } from "./violation.js";
import { setWallClock } from "./wall-clock.js";
import { type PlayOptions, World } from "./world.js";

/** What came of a history. */
export interface Result {
  readonly history: History;
  readonly violations: readonly Violation[];
  readonly world: World;
}

export async function playHistory(history: History, options: PlayOptions = {}): Promise<Result> {
  const world = new World(history, options);
  const crash = (error: unknown): void => world.violations.add("crash", `unhandled: ${describe(error)}`);
  const { random } = Math;
  const { stackTraceLimit } = Error;
  Math.random = new Draw(history.seed ^ 0xface).random;
  // Hostile histories throw by the thousand, and nobody reads where; a failing one is played again with its trace.
  if (options.isTraced !== true) Error.stackTraceLimit = 0;
  const resetWallClock = setWallClock(history.wallClockJumps, () => world.clock.now());
  process.on("unhandledRejection", crash);
  process.on("uncaughtException", crash);
  try {
    await world.play();
  } catch (error) {
    world.violations.add("crash", describe(error));
  } finally {
    process.off("unhandledRejection", crash);
    process.off("uncaughtException", crash);
    resetWallClock();
    Error.stackTraceLimit = stackTraceLimit;
    Math.random = random;
    world.service.sqs.close();
  }
  return { history, violations: world.violations.list, world };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
