// Hands the worker's places to whoever waits for them, first come first served.
import type { Worker } from "../worker/worker.js";

interface Waiter {
  readonly atMost: number;
  resolve(places: number): void;
}

/** The worker's places, as something to wait for. */
export class Places {
  readonly #worker: Pick<Worker, "reserve" | "release">;
  #waiters: Waiter[] = [];
  #isClosed = false;

  constructor(worker: Pick<Worker, "reserve" | "release">) {
    this.#worker = worker;
  }

  /** Resolves with the number of places taken: 1 to `atMost`, or 0 when there will be none any more. */
  take(atMost: number): Promise<number> {
    if (this.#isClosed) return Promise.resolve(0);
    const places = this.#waiters.length === 0 ? this.#worker.reserve(atMost) : 0;
    if (places > 0) return Promise.resolve(places);
    return new Promise((resolve) => {
      this.#waiters.push({ atMost, resolve });
    });
  }

  giveBack(places: number): void {
    if (places > 0) this.#worker.release(places);
  }

  /** Serves those who wait, as far as there are places. */
  serve(): void {
    for (let waiter = this.#waiters[0]; waiter !== undefined; waiter = this.#waiters[0]) {
      const places = this.#worker.reserve(waiter.atMost);
      if (places === 0) return;
      this.#waiters.shift();
      waiter.resolve(places);
    }
  }

  /** From now on nobody gets a place. */
  close(): void {
    this.#isClosed = true;
    for (const waiter of this.#waiters.splice(0)) waiter.resolve(0);
  }
}
