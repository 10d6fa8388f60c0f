// What ends a call that is out. Few calls are ever ended, and an AbortSignal costs more than all else that is kept for one.

/** As much of an AbortSignal as it takes to heed one. */
export interface AbortSource {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: AbortListener): void;
  removeEventListener(type: "abort", listener: AbortListener): void;
}

/** Is told when a source aborts. */
export type AbortListener = (() => void) | { handleEvent(): void };

/**
 * Ends one call. A request handler of the SDK takes it for a signal: older ones set `onabort`, and newer ones look for the
 * reason too.
 */
export class Cancellation implements AbortSource {
  onabort: (() => void) | null = null;
  #reason: Error | undefined;
  #listener: AbortListener | undefined;
  #giveUp: ((reason: Error) => void) | undefined;
  #controller: AbortController | undefined;

  get aborted(): boolean {
    return this.#reason !== undefined;
  }

  get reason(): Error | undefined {
    return this.#reason;
  }

  /** The same as a signal, made for those who ask for one. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  /** Settles as the promise does, or rejects with the reason as soon as this aborts. To be called once. */
  waitFor<Value>(promise: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (this.#reason !== undefined) reject(this.#reason);
      this.#giveUp = reject;
      promise.then(resolve, reject);
    });
  }

  /** The first reason stays. */
  abort(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#giveUp?.(reason);
    this.#controller?.abort(reason);
    try {
      if (typeof this.#listener === "function") this.#listener();
      else this.#listener?.handleEvent();
      this.onabort?.();
    } catch {
      // Other calls are ended too. Whoever waits for this one has been told.
    }
  }

  /** There is room for one: the client that makes the call. */
  addEventListener(_type: "abort", listener: AbortListener): void {
    this.#listener = listener;
  }

  removeEventListener(_type: "abort", listener: AbortListener): void {
    if (this.#listener === listener) this.#listener = undefined;
  }
}
