// The time that a fault is on, for those who wait because of it.
import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

/** The longest that a timer takes. */
const LONGEST_MS = 2 ** 31 - 1;

export class Period {
  readonly #over = new AbortController();

  constructor() {
    setMaxListeners(0, this.#over.signal); // Each connection may wait.
  }

  end(): void {
    this.#over.abort();
  }

  /** Waits, but no longer than the fault is on. */
  async pause(ms: number): Promise<void> {
    const { signal } = this.#over;
    await sleep(Math.max(0, Math.min(ms, LONGEST_MS)), undefined, { signal }).catch(() => undefined);
  }
}
