// Hands the worker's places to whoever waits for them, first come first served.
import { createDeferred, type Deferred } from "../internal/deferred.js";
import { invariant } from "../internal/invariant.js";
import type { Worker } from "../worker/worker.js";
import type { Budget } from "./budget.js";

interface Waiter {
  readonly atMost: number;
  readonly answer: Deferred<number>;
}

/** What places are made of. */
export interface PlacesParts {
  readonly worker: Pick<Worker, "reserve" | "release" | "makePlace">;
  readonly budget: Pick<Budget, "allow" | "ask" | "unask" | "close">;
  readonly report: (error: unknown) => void;
}

/**
 * The worker's places, as something to wait for: as many as the budget allows, and none during a pause. A worker of the
 * user's may throw: whoever waits is told, so that nobody waits for ever, and nobody else is.
 */
export class Places {
  readonly #parts: PlacesParts;
  readonly #waiters: Waiter[] = [];
  #taken = 0;
  #isPaused = false;
  #isClosed = false;
  #isEnded = false;

  constructor(parts: PlacesParts) {
    this.#parts = parts;
  }

  /**
   * Resolves with the number of places taken: 1 to `atMost`, or 0 when there will be none any more. Rejects with what the
   * worker throws.
   */
  take(atMost: number): Promise<number> {
    if (this.#isClosed) return Promise.resolve(0);
    const answer = createDeferred<number>();
    this.#waiters.push({ atMost, answer });
    if (this.#waiters.length === 1) this.serve();
    return answer.promise;
  }

  /** Gives back places for which no message came. */
  giveBack(places: number): void {
    if (places === 0 || this.#isEnded) return;
    this.#parts.budget.unask(places);
    this.free(places);
  }

  /** Gives back the places of messages that came and do not need them, or not now. */
  free(places: number): void {
    if (places === 0 || this.#isEnded) return;
    this.#spend(places);
    this.#attempt(() => this.#parts.worker.release(places));
  }

  /** Takes a place, whether there is one or not. */
  make(): void {
    this.#taken += 1;
    this.#attempt(() => this.#parts.worker.makePlace());
  }

  /** Uses one place that was taken, for a task. */
  use(): void {
    this.#spend(1);
  }

  /** Serves those who wait, as far as there are places. */
  serve(): void {
    for (let waiter = this.#waiters[0]; waiter !== undefined; waiter = this.#waiters[0]) {
      try {
        const places = this.#reserve(waiter.atMost);
        if (places === 0 || this.#isEnded) return;
        waiter.answer.resolve(places);
      } catch (error) {
        waiter.answer.reject(error);
      }
      this.#waiters.shift();
    }
  }

  /** Nobody gets a place until it is resumed. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.serve();
  }

  /** From now on nobody gets a place. */
  close(): void {
    this.#isClosed = true;
    this.#parts.budget.close();
    for (const { answer } of this.#waiters.splice(0)) answer.resolve(0);
  }

  /** Gives back what a runner still holds that did not end in time. What it gives back later does not count. */
  end(): void {
    this.free(this.#taken);
    this.#isEnded = true;
  }

  #reserve(atMost: number): number {
    if (this.#isPaused) return 0;
    const { budget, worker } = this.#parts;
    const allowed = budget.allow(atMost);
    if (allowed === 0) return 0;
    const places = worker.reserve(allowed);
    this.#taken += places;
    budget.ask(places);
    return places;
  }

  #attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#parts.report(error);
    }
  }

  /** A place that is given back or used twice would raise the concurrency above its limit. */
  #spend(places: number): void {
    invariant(places > 0 && places <= this.#taken, `a runner used ${places} places and had taken ${this.#taken}`);
    this.#taken -= places;
  }
}
