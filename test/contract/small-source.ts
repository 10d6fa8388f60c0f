// A source of messages that can do everything a source can, on a virtual clock, for runners that are broken on purpose.
import type { Timer } from "millrace";
import type { VirtualClock } from "millrace/testing";

/** What becomes of a message: it is deleted, comes again after so many milliseconds, or is put among the dead. */
export type Verdict = "delete" | "dead" | number;

/** A message as it is lent to somebody. The handle is another each time. */
export interface Lent {
  readonly body: string;
  readonly handle: number;
  readonly attempt: number;
}

interface Entry {
  readonly body: string;
  attempts: number;
}

interface Poll {
  readonly atMost: number;
  answer(messages: readonly Lent[]): void;
  reject(error: Error): void;
}

export const LEASE_MS = 30_000;
const POLL_MS = 1_000;
const ROUND_TRIP_MS = 5;

/** A queue with leases, long polls, delays and dead letters, which can fail, hang, and be lost. */
export class SmallSource {
  readonly #clock: VirtualClock;
  readonly #ready: Entry[] = [];
  readonly #delayed = new Map<Entry, Timer>();
  readonly #lent = new Map<number, { readonly entry: Entry; lease: Timer }>();
  readonly #polls = new Set<Poll>();
  readonly dead: string[] = [];
  condition: "sound" | "failing" | "hanging" = "sound";
  requests = 0;
  /** Told when the source takes a message back. */
  onTakenBack: ((handle: number) => void) | undefined;
  #lastHandle = 0;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  get ready(): number {
    return this.#ready.length;
  }

  get held(): number {
    return this.#lent.size + this.#delayed.size;
  }

  get polls(): number {
    return this.#polls.size;
  }

  /** Timers that are the source's own. */
  get timers(): number {
    return this.held + this.polls;
  }

  send(bodies: readonly string[]): void {
    this.#ready.push(...bodies.map((body) => ({ body, attempts: 0 })));
    this.#serve();
  }

  /** Has every request fail that is out, and those that come. */
  fail(): void {
    this.condition = "failing";
    for (const poll of this.#polls) poll.reject(new Error("the source cannot be reached"));
  }

  async receive(atMost: number, signal: AbortSignal): Promise<readonly Lent[]> {
    this.requests += 1;
    await this.#reach(signal);
    return await new Promise((resolve, reject) => {
      const end = (): void => {
        timer.cancel();
        signal.removeEventListener("abort", onAbort);
        this.#polls.delete(poll);
      };
      const poll: Poll = {
        atMost,
        answer: (messages) => (end(), resolve(messages)),
        reject: (error) => (end(), reject(error)),
      };
      const onAbort = (): void => poll.reject(signal.reason as Error);
      const timer = this.#clock.setTimer(() => {
        if (this.condition !== "hanging") poll.answer([]);
      }, POLL_MS);
      this.#polls.add(poll);
      signal.addEventListener("abort", onAbort);
      if (signal.aborted) onAbort();
      this.#serve();
    });
  }

  /** Says what becomes of a message. With a handle that has lapsed it says nothing. */
  async tell(handle: number, verdict: Verdict, signal: AbortSignal): Promise<void> {
    await this.#reach(signal);
    const entry = this.#end(handle);
    if (entry === undefined || verdict === "delete") return;
    if (verdict === "dead") this.dead.push(entry.body);
    else if (verdict === 0) this.#ready.push(entry);
    else this.#delay(entry, verdict);
    this.#serve();
  }

  async renew(handle: number, signal: AbortSignal): Promise<void> {
    await this.#reach(signal);
    const lent = this.#lent.get(handle);
    lent?.lease.cancel();
    if (lent !== undefined) lent.lease = this.#lease(handle);
  }

  takeBack(body: string): void {
    for (const [handle, { entry }] of this.#lent) if (entry.body === body) this.#takeBack(handle);
  }

  async #reach(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#clock.setTimer(resolve, ROUND_TRIP_MS);
    });
    signal.throwIfAborted();
    if (this.condition === "failing") throw new Error("the source cannot be reached");
    if (this.condition === "sound") return;
    await new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    });
  }

  #delay(entry: Entry, delayMs: number): void {
    const timer = this.#clock.setTimer(() => {
      this.#delayed.delete(entry);
      this.#ready.push(entry);
      this.#serve();
    }, delayMs);
    this.#delayed.set(entry, timer);
  }

  #serve(): void {
    for (const poll of this.#polls) {
      if (this.#ready.length === 0) return;
      poll.answer(this.#ready.splice(0, poll.atMost).map((entry) => this.#lend(entry)));
    }
  }

  #lend(entry: Entry): Lent {
    const handle = (this.#lastHandle += 1);
    entry.attempts += 1;
    this.#lent.set(handle, { entry, lease: this.#lease(handle) });
    return { body: entry.body, handle, attempt: entry.attempts };
  }

  #lease(handle: number): Timer {
    return this.#clock.setTimer(() => this.#takeBack(handle), LEASE_MS);
  }

  #takeBack(handle: number): void {
    const entry = this.#end(handle);
    if (entry === undefined) return;
    this.#ready.push(entry);
    this.onTakenBack?.(handle);
    this.#serve();
  }

  #end(handle: number): Entry | undefined {
    const lent = this.#lent.get(handle);
    lent?.lease.cancel();
    this.#lent.delete(handle);
    return lent?.entry;
  }
}
