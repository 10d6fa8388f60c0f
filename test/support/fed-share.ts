// A queue that is never empty, or one that is filled by hand, in front of a worker.
import type { Worker } from "millrace";
import type { VirtualClock } from "millrace/testing";
import { TestHost, TimedTask } from "./worker-host.js";

const ROUND_TRIP_MS = 10;

/** Feeds a worker by receives of ten, one at a time, each of which takes a round trip, and counts what runs. */
export class FedShare {
  readonly host: TestHost;
  readonly tasks: TimedTask[] = [];
  readonly worker: Worker;
  readonly #durationOf: () => number;
  #left: number;
  #isAsking = false;
  #places = 0;

  constructor(parts: { clock: VirtualClock; worker: Worker; messages?: number; durationOf: () => number }) {
    this.host = new TestHost(parts.clock);
    this.worker = parts.worker;
    this.#left = parts.messages ?? Infinity;
    this.#durationOf = parts.durationOf;
    this.host.onPlacesFreed = () => this.#ask();
  }

  /** How many messages it has asked for and not been given. */
  get reserved(): number {
    return this.#places;
  }

  async start(): Promise<void> {
    await this.worker.start(this.host);
    this.#ask();
  }

  /** Puts messages into the queue. */
  send(messages: number): void {
    this.#left += messages;
    if (this.#places > 0) this.#deliver();
  }

  /** Milliseconds of handlers that have started since then, those that run counted up to now. */
  handlerTimeSince(sinceMs: number): number {
    const now = this.host.clock.now();
    return this.tasks.reduce((sum, { startedAt, endedAt }) => {
      if (startedAt === undefined) return sum;
      return sum + Math.max(0, Math.min(endedAt ?? now, now) - Math.max(startedAt, sinceMs));
    }, 0);
  }

  /** Takes everything back and stops. */
  async stop(): Promise<void> {
    this.host.onPlacesFreed = () => undefined;
    this.worker.withdraw();
    await this.host.clock.runUntil(this.worker.drained());
    await this.host.clock.runUntil(this.worker.stop());
  }

  #ask(): void {
    if (this.#isAsking) return;
    const places = this.worker.reserve(10);
    if (places === 0) return;
    this.#isAsking = true;
    this.#places = places;
    if (this.#left > 0) this.#deliver();
  }

  #deliver(): void {
    const places = this.#places;
    this.#places = 0;
    this.host.clock.setTimer(() => {
      const count = Math.min(places, this.#left);
      this.#left -= count;
      for (let index = 0; index < count; index += 1) {
        const task = new TimedTask(this.host.clock, this.#durationOf());
        this.tasks.push(task);
        this.worker.accept(task);
      }
      this.#isAsking = false;
      if (count < places) this.worker.release(places - count);
      this.#ask();
    }, ROUND_TRIP_MS);
  }
}
