// What a soak is set to, and the times that follow from it.

/** What was asked for. */
export interface SoakSettings {
  readonly seconds: number;
  /** Messages a second between bursts. */
  readonly perSecond: number;
  readonly concurrency: number;
  /** The SDK's client, as a consumer makes it by default, or that of `millrace/direct`. */
  readonly client: "sdk" | "direct";
  /** So many bytes of each message are kept for ever: to see that the soak fails then. */
  readonly leakBytes: number;
  readonly seed: number;
}

/** How much more comes in a burst. */
export const BURST_FACTOR = 10;

/** The times of a soak. Everything happens once a round, so that every minute of a long soak is like every other. */
export interface SoakTimes {
  readonly roundSeconds: number;
  readonly sampleSeconds: number;
  /** The work of handlers that take longest, beyond the visibility timeout in rounds of a minute. */
  readonly longWorkMs: number;
  readonly handlerTimeoutMs: number;
  /** The work of handlers that do not hear that their time is over. */
  readonly stubbornWorkMs: number;
  /** How long a restart gives running handlers. */
  readonly stopTimeoutMs: number;
}

/** Rounds are a minute, or a quarter of a soak that is shorter than four. */
export function timesOf({ seconds }: Pick<SoakSettings, "seconds">): SoakTimes {
  const roundSeconds = Math.min(60, seconds / 4);
  const share = (part: number): number => Math.round(roundSeconds * part * 1_000);
  return {
    roundSeconds,
    sampleSeconds: Math.min(5, roundSeconds / 12),
    longWorkMs: share(0.13),
    handlerTimeoutMs: share(0.15),
    stubbornWorkMs: share(0.18),
    stopTimeoutMs: share(0.05),
  };
}

/** What happens in a round, by the part of it that has passed. */
export const ROUND = [
  { at: 0.1, what: "burst" },
  { at: 0.15, what: "steady" },
  { at: 0.3, what: "outage" },
  { at: 0.33, what: "outageOver" },
  { at: 0.42, what: "pause" },
  { at: 0.45, what: "resume" },
  { at: 0.52, what: "fewerSlots" },
  { at: 0.64, what: "moreSlots" },
  { at: 0.76, what: "usualSlots" },
  { at: 0.85, what: "restart" },
] as const;

/** What each of them does to the concurrency, as a part of the usual. */
export const SLOTS_PART = { fewerSlots: 0.5, moreSlots: 1.5, usualSlots: 1 } as const;

/** One thing that happens in a round. */
export type RoundEvent = (typeof ROUND)[number]["what"];

/** More than the ids that a soak can use: dead letters have one, too. */
export function mostMessages({ seconds, perSecond }: SoakSettings): number {
  const burstPart = 0.05 * (BURST_FACTOR - 1);
  return Math.ceil(1.2 * seconds * perSecond * (1 + burstPart)) + 10_000;
}
