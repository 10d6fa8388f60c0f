// Lets so many in at once, the others in the order in which they came.

/** As many turns as there are threads. */
export class Turnstile {
  #free: number;
  readonly #line = new Set<() => void>();

  constructor(places: number) {
    this.#free = places;
  }

  /** Resolves when it is one's turn. Rejects with the signal's reason when it aborts before. */
  enter(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.#line.delete(pass);
        reject(signal?.reason as Error);
      };
      const pass = (): void => {
        signal?.removeEventListener("abort", giveUp);
        resolve();
      };
      if (signal?.aborted === true) return giveUp();
      if (this.#free > 0) {
        this.#free -= 1;
        return resolve();
      }
      this.#line.add(pass);
      signal?.addEventListener("abort", giveUp, { once: true });
    });
  }

  /** Ends one's turn. To be called by those whom `enter` has let in. */
  leave(): void {
    const [next] = this.#line;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#line.delete(next);
    next();
  }
}
