// A clock that is moved by hand, and tells how much of the time the event loop was idle.
import type { Clock } from "millrace";

export class LoopClock implements Clock {
  #nowMs = 1_000;
  #idleMs = 300;

  readonly now = (): number => this.#nowMs;
  readonly idleMs = (): number => this.#idleMs;
  readonly setTimer = (): never => {
    throw new Error("Nothing waits here");
  };

  /** Answers with the time after it. */
  pass(ms: number, idleMs: number): number {
    this.#idleMs += idleMs;
    return (this.#nowMs += ms);
  }
}
