// The wall clock of a history, which somebody sets: `Date` jumps, forward and back, and nothing that waits may notice.
import type { History } from "./history.js";

const START_MS = Date.UTC(2026, 0, 1);

/** Replaces `Date`. Answers with the function that puts the real one back. */
export function setWallClock(jumps: History["wallClockJumps"], now: () => number): () => void {
  if (jumps.length === 0) return () => undefined;
  const RealDate = Date;
  const wallMs = (): number => {
    const nowMs = now();
    return jumps.reduce((sum, { atMs, byMs }) => (atMs <= nowMs ? sum + byMs : sum), START_MS + nowMs);
  };
  class JumpingDate extends RealDate {
    constructor(...given: [] | [number | string]) {
      super(...((given.length === 0 ? [wallMs()] : given) as [number]));
    }

    static override now(): number {
      return wallMs();
    }
  }
  globalThis.Date = JumpingDate as DateConstructor;
  return () => {
    globalThis.Date = RealDate;
  };
}
