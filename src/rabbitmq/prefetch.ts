// How many messages the broker may send: never more than there are places for, and as many as there are.
import type { Clock, Timer } from "../internal/clock.js";
import { createDeferred } from "../internal/deferred.js";
import type { Intake } from "../runner/runner.js";
import { RingBuffer } from "../worker/ring-buffer.js";
import type { PlaceUser } from "./place-taker.js";
import { Tap } from "./tap.js";

/** What a prefetch works with. */
export interface PrefetchParts {
  readonly clock: Clock;
  readonly giveBack: Intake["giveBack"];
  /** Has the broker send by this tap. Rejects when the channel goes. */
  readonly open: (tap: Tap) => Promise<void>;
  /** Has it send no more, and resolves when nothing more comes. Rejects when the channel goes. */
  readonly close: (tap: Tap) => Promise<void>;
  /** To be called when a place may be wanted. */
  readonly wake: () => void;
  /** The most messages that are here at once. */
  readonly limit: number;
  /** Messages that are here, unacknowledged, and have no place: their retry is not due, or is being published. */
  readonly held: () => number;
  /** While so many are held, the prefetch does not grow. */
  readonly maxHeld: number;
  /** What the worker offered a channel before this one, before it had measured any pace; 0 when there was none. */
  readonly slots: number;
}

/** A settlement that waits, as it would have the broker send one more message. */
interface Owed {
  readonly tap: Tap;
  readonly write: () => void;
  readonly since: number;
}

/** AMQP has 16 bits for it, and 0 means without limit. */
const LARGEST_PREFETCH = 65_535;
/** How long a settlement waits for a place before its tap is closed. */
const OWED_MS = 100;
/** How long places are gathered before a second tap is opened; twice as long for each one after that. */
const GATHER_MS = 20;
const MOST_TAPS = 8;
/** How long a prefetch that goes beyond the worker's slots may be left unused. */
const UNUSED_MS = 5_000;

/**
 * The credit that the broker has. AMQP limits what is unacknowledged, by a number that a consumer of the broker's (a tap)
 * keeps for life. So every message that the broker may send has a place that was taken for it; a settlement lets the
 * broker send one more, and is written when a place for that was taken, which as a rule is in the same moment. When more
 * places come, another tap is opened; when none come for a settlement, its tap is closed, and it is written without.
 *
 * ```
 *   places taken  =  spare  +  free of tap 1  +  free of tap 2  …
 *
 *   message came        free of its tap - 1     its place is used
 *   settlement written  free of its tap + 1     spare - 1; nothing of both once the tap is closed
 * ```
 */
export class Prefetch implements PlaceUser {
  readonly #parts: PrefetchParts;
  readonly #owed = new RingBuffer<Owed>();
  readonly #firstOpened = createDeferred();
  #taps: Tap[] = [];
  #hasEnded = false;
  /** Places that were taken and are promised to nobody. */
  #spare = 0;
  /** Messages that are here, by open taps and closed ones. */
  #unacknowledged = 0;
  #slots: number;
  #lastTag = 0;
  #operation: Promise<void> = Promise.resolve();
  #growth: Timer | undefined;
  #shortage: Timer | undefined;
  #review: Timer | undefined;
  /** Whether a message has come since the last review. */
  #isUsed = false;

  constructor(parts: PrefetchParts) {
    this.#parts = parts;
    this.#slots = parts.slots;
  }

  /** Resolves when the first tap is open, or there will be none. */
  get opened(): Promise<void> {
    return this.#firstOpened.promise;
  }

  /** What the worker offered first. That was before it had measured any pace, so it is how many handlers can run. */
  get slots(): number {
    return this.#slots;
  }

  get wantsPlace(): boolean {
    if (this.#hasEnded) return false;
    if (this.#owed.size > this.#spare) return true;
    const { held, maxHeld, limit } = this.#parts;
    return this.#total < limit && held() < maxHeld;
  }

  givePlace(): void {
    this.#spare += 1;
    this.#spend();
  }

  /** A message has come by this tap. */
  count(tap: Tap): void {
    tap.count();
    this.#unacknowledged += 1;
    this.#isUsed = true;
    if (this.#review === undefined && this.#capacity > this.#slots) this.#watchUse();
  }

  /** Calls `write`, which settles a message of this tap, as soon as there is a place for the one that comes for it. */
  settle(tap: Tap, write: () => void): void {
    if (tap.phase === "closed" || (this.#spare > 0 && this.#owed.size === 0)) {
      this.#write(tap, write);
      return;
    }
    this.#owed.push({ tap, write, since: this.#parts.clock.now() });
    this.#watchShortage();
    this.#parts.wake();
  }

  /** Gives back every place, and has the broker send no more. It grows again with the places that it gets after that. */
  giveAllBack(): void {
    if (this.#hasEnded) return;
    this.#giveBackSpare();
    for (const tap of this.#taps) this.#enqueue(() => this.#close(tap));
  }

  /** Has the broker send no more, and resolves when nothing more comes. Settlements are then written at once. */
  async stop(): Promise<void> {
    if (!this.#hasEnded) {
      this.#end();
      this.#giveBackSpare();
      for (const tap of this.#taps) this.#enqueue(() => this.#close(tap));
    }
    await this.#operation;
  }

  /** Nothing more is to come, or the channel is gone: gives back every place. */
  lose(): void {
    this.#end();
    for (const tap of this.#taps) this.#closed(tap);
    this.#giveBackSpare();
  }

  /** What the broker may have unacknowledged by the taps that are open. */
  get #capacity(): number {
    return this.#taps.reduce((sum, { prefetch }) => sum + prefetch, 0);
  }

  /** Messages that are here or may come. */
  get #total(): number {
    return this.#taps.reduce((sum, { free }) => sum + free, this.#unacknowledged + this.#spare);
  }

  #end(): void {
    this.#hasEnded = true;
    this.#firstOpened.resolve();
    for (const timer of [this.#growth, this.#shortage, this.#review]) timer?.cancel();
  }

  #write(tap: Tap, write: () => void): void {
    if (tap.phase !== "closed") this.#spare -= 1;
    tap.unacknowledged -= 1;
    this.#unacknowledged -= 1;
    write();
  }

  /** Uses spare places: for settlements first, and then to have more messages here. */
  #spend(): void {
    while (this.#spare > 0) {
      const owed = this.#owed.shift();
      if (owed === undefined) break;
      this.#write(owed.tap, owed.write);
    }
    this.#grow();
  }

  #grow(): void {
    if (this.#spare === 0 || this.#growth !== undefined || this.#hasEnded) return;
    const isShort = this.#total - this.#spare - this.#parts.held() < this.#slots;
    const delayMs = isShort || this.#taps.length === 0 ? 0 : GATHER_MS * 2 ** (this.#taps.length - 1);
    this.#growth = this.#parts.clock.setTimer(() => this.#enqueue(() => this.#open()), delayMs);
  }

  async #open(): Promise<void> {
    this.#growth = undefined;
    if (this.#taps.length >= MOST_TAPS) await this.#close(this.#smallestTap());
    const prefetch = Math.min(this.#spare, LARGEST_PREFETCH);
    if (prefetch === 0 || this.#hasEnded) return;
    this.#lastTag += 1;
    const tap = new Tap(`millrace-${this.#lastTag}`, prefetch);
    this.#taps.push(tap);
    this.#spare -= prefetch;
    await this.#parts.open(tap);
    if (tap.phase === "opening") tap.phase = "open";
    if (this.#slots === 0) this.#slots = prefetch;
    this.#firstOpened.resolve();
    this.#grow();
  }

  async #close(tap: Tap): Promise<void> {
    if (tap.phase !== "open") return;
    tap.phase = "closing";
    await this.#parts.close(tap);
    if (this.#taps.includes(tap)) this.#closed(tap);
  }

  /** Nothing more comes by the tap: its places go back, and what was owed for it is written. */
  #closed(tap: Tap): void {
    const places = tap.free;
    tap.phase = "closed";
    this.#taps = this.#taps.filter((other) => other !== tap);
    for (const owed of this.#owed.clear()) {
      if (owed.tap === tap) this.#write(tap, owed.write);
      else this.#owed.push(owed);
    }
    this.#parts.giveBack(places);
    this.#parts.wake();
  }

  #giveBackSpare(): void {
    const places = this.#spare;
    this.#spare = 0;
    this.#parts.giveBack(places);
  }

  /** One after the other. What fails does so because the channel goes, and `lose` is called for that. */
  #enqueue(operation: () => Promise<void>): void {
    this.#operation = this.#operation.then(operation).catch(() => undefined);
  }

  #smallestTap(): Tap {
    return this.#taps.reduce((one, other) => (other.prefetch < one.prefetch ? other : one));
  }

  /** A settlement must not wait for long: the broker would give its message to others if the connection went. */
  #watchShortage(): void {
    const first = this.#owed.peek();
    if (first === undefined || this.#shortage !== undefined || this.#hasEnded) return;
    const { clock } = this.#parts;
    this.#shortage = clock.setTimer(
      () => {
        this.#shortage = undefined;
        const longest = this.#owed.peek();
        if (longest !== undefined && clock.now() >= longest.since + OWED_MS) {
          this.#enqueue(() => this.#close(longest.tap));
          this.#enqueue(async () => this.#watchShortage());
        } else {
          this.#watchShortage();
        }
      },
      Math.max(0, first.since + OWED_MS - clock.now()),
    );
  }

  /**
   * A waiting room is offered at the pace of the moment, and the broker keeps what it was promised: a prefetch that was
   * right for quick handlers would hoard messages once they are slow. What was not needed for a while is asked for anew.
   */
  #watchUse(): void {
    this.#isUsed = false;
    for (const tap of this.#taps) tap.leastFree = tap.free;
    this.#review = this.#parts.clock.setTimer(() => {
      this.#review = undefined;
      let capacity = this.#capacity;
      for (const tap of this.#taps.toSorted((one, other) => other.leastFree - one.leastFree)) {
        if (tap.leastFree === 0 || capacity <= this.#slots) break;
        capacity -= tap.prefetch;
        this.#enqueue(() => this.#close(tap));
      }
      if (this.#isUsed) this.#watchUse();
    }, UNUSED_MS);
  }
}
