// Hands the worker's places to whoever waits for them, first come first served.
import { invariant } from "../internal/invariant.js";
import type { Worker } from "../worker/worker.js";
import type { Budget } from "./budget.js";

interface Waiter {
  readonly atMost: number;
  resolve(places: number): void;
}

/** The worker's places, as something to wait for: as many as the budget allows, and none during a pause. */
export class Places {
  readonly #worker: Pick<Worker, "reserve" | "release" | "makePlace">;
  readonly #budget: Pick<Budget, "allow" | "ask" | "unask" | "close">;
  readonly #waiters: Waiter[] = [];
  #taken = 0;
  #isPaused = false;
  #isClosed = false;
  #isEnded = false;

  constructor(parts: {
    worker: Pick<Worker, "reserve" | "release" | "makePlace">;
    budget: Pick<Budget, "allow" | "ask" | "unask" | "close">;
  }) {
    this.#worker = parts.worker;
    this.#budget = parts.budget;
  }

  /** Resolves with the number of places taken: 1 to `atMost`, or 0 when there will be none any more. */
  take(atMost: number): Promise<number> {
    if (this.#isClosed) return Promise.resolve(0);
    const places = this.#waiters.length === 0 ? this.#reserve(atMost) : 0;
    if (places > 0) return Promise.resolve(places);
    return new Promise((resolve) => {
      this.#waiters.push({ atMost, resolve });
    });
  }

  /** Gives back places for which no message came. */
  giveBack(places: number): void {
    if (places === 0 || this.#isEnded) return;
    this.#budget.unask(places);
    this.free(places);
  }

  /** Gives back the places of messages that came and do not need them, or not now. */
  free(places: number): void {
    if (places === 0 || this.#isEnded) return;
    this.#spend(places);
    this.#worker.release(places);
  }

  /** Takes a place, whether there is one or not. */
  make(): void {
    this.#worker.makePlace();
    this.#taken += 1;
  }

  /** Uses one place that was taken, for a task. */
  use(): void {
    this.#spend(1);
  }

  /** Serves those who wait, as far as there are places. */
  serve(): void {
    for (let waiter = this.#waiters[0]; waiter !== undefined; waiter = this.#waiters[0]) {
      const places = this.#reserve(waiter.atMost);
      if (places === 0 || this.#isEnded) return;
      this.#waiters.shift();
      waiter.resolve(places);
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
    this.#budget.close();
    for (const waiter of this.#waiters.splice(0)) waiter.resolve(0);
  }

  /** Gives back what a runner still holds that did not end in time. What it gives back later does not count. */
  end(): void {
    this.free(this.#taken);
    this.#isEnded = true;
  }

  #reserve(atMost: number): number {
    if (this.#isPaused) return 0;
    const allowed = this.#budget.allow(atMost);
    if (allowed === 0) return 0;
    const places = this.#worker.reserve(allowed);
    this.#taken += places;
    this.#budget.ask(places);
    return places;
  }

  /** A place that is given back or used twice would raise the concurrency above its limit. */
  #spend(places: number): void {
    invariant(places > 0 && places <= this.#taken, `a runner used ${places} places and had taken ${this.#taken}`);
    this.#taken -= places;
  }
}
