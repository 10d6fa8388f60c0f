// One consumer of the broker's, by which messages come: a tap that is opened with a prefetch and closed again.

/**
 * - `opening`, `open`: the broker may send as many messages as are free.
 * - `closing`: it was told to send no more; some may be on their way.
 * - `closed`: no more come. Those that came by it can still be settled.
 */
export type TapPhase = "opening" | "open" | "closing" | "closed";

/** A consumer of the broker's with a prefetch of its own, which cannot be changed while it lives. */
export class Tap {
  /** What the broker knows it by. */
  readonly consumerTag: string;
  readonly prefetch: number;
  phase: TapPhase = "opening";
  /** Messages that came by it and are unacknowledged, as the broker sees it. */
  unacknowledged = 0;
  /** How few were free at the least, since it was last asked. */
  leastFree: number;

  constructor(consumerTag: string, prefetch: number) {
    this.consumerTag = consumerTag;
    this.prefetch = prefetch;
    this.leastFree = prefetch;
  }

  /** How many more messages the broker may send by it. */
  get free(): number {
    return this.phase === "closed" ? 0 : this.prefetch - this.unacknowledged;
  }

  /** A message came. */
  count(): void {
    this.unacknowledged += 1;
    if (this.free < this.leastFree) this.leastFree = this.free;
  }
}
