// What handlers do, and what is counted while they do it.
import { setTimeout as sleep } from "node:timers/promises";
import type { Handle } from "../subjects/subject.js";
import { sentAtMicroseconds } from "./canned-queue.js";

/** A kind of work. Between processes, so it is plain data. */
export type Work =
  /** Nothing at all. */
  | { readonly kind: "none" }
  /** Waits for so long; every tenth for `tenthMs`, if there is one. */
  | { readonly kind: "wait"; readonly ms: number; readonly tenthMs?: number }
  /** Keeps the message until it is told to let go. */
  | { readonly kind: "hold" }
  /** Nothing but to see how long the message was on its way. */
  | { readonly kind: "time" };

/** How many messages that are held are let go of at once. */
export const HELD_TOGETHER = 5_000;

/** Calls of the handler. */
export class Workshop {
  /** How many have ended. */
  handled = 0;
  /** How many have begun. */
  begun = 0;
  /** From send to the start of the handler, in microseconds. */
  delays: number[] = [];
  readonly handle: Handle;
  /** What lets go of those that are held, by groups. */
  readonly #holds: Array<() => void> = [];

  constructor(work: Work) {
    this.handle = this.#createHandle(work);
  }

  /** Lets go of the next of those that are held: all at once would take longer to be deleted than their leases last. */
  endHold(): void {
    this.#holds.shift()?.();
  }

  #createHandle(work: Work): Handle {
    switch (work.kind) {
      case "none":
        return () => {
          this.begun += 1;
          this.handled += 1;
          return undefined;
        };
      case "wait":
        return (): Promise<void> => this.#wait(work.ms, work.tenthMs ?? work.ms);
      case "hold":
        return this.#createHold();
      case "time":
        return ({ MessageId = "" }) => {
          this.begun += 1;
          this.delays.push(Number(process.hrtime.bigint() / 1_000n) - sentAtMicroseconds(MessageId));
          this.handled += 1;
          return undefined;
        };
    }
  }

  async #wait(ms: number, tenthMs: number): Promise<void> {
    this.begun += 1;
    await sleep(this.begun % 10 === 0 ? tenthMs : ms);
    this.handled += 1;
  }

  /** One promise for a whole group: what a handler of its own has in memory is not to be counted. */
  #createHold(): Handle {
    let held = Promise.resolve();
    return () => {
      if (this.begun % HELD_TOGETHER === 0) held = this.#holdGroup();
      this.begun += 1;
      return held;
    };
  }

  #holdGroup(): Promise<void> {
    const first = this.begun;
    return new Promise((resolve) => {
      this.#holds.push(() => {
        this.handled += Math.min(HELD_TOGETHER, this.begun - first);
        resolve();
      });
    });
  }
}
