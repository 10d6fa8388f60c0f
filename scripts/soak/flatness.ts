// Whether a series of measurements is flat: how much it has grown, by a line that outliers do not bend.

/** One measurement. */
export interface Point {
  readonly atSeconds: number;
  readonly value: number;
}

/** What came of a series. */
export interface Flatness {
  readonly isFlat: boolean;
  /** How much it grew over what was judged, by the line. */
  readonly growth: number;
  /** From when to when it was judged. */
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

/** Fewer points say nothing. */
const FEWEST_POINTS = 3;

/**
 * Judges the second half of a series: in the first, code is compiled and caches fill. It is flat when a line through it
 * rises by no more than `mostGrowth` from end to end. A series that falls is flat.
 * Undefined when there are too few points to say.
 */
export function judgeFlatness(points: readonly Point[], mostGrowth: number): Flatness | undefined {
  const half = points.slice(points.length >> 1);
  const [first, last] = [half.at(0), half.at(-1)];
  if (first === undefined || last === undefined || half.length < FEWEST_POINTS) return undefined;
  const [fromSeconds, toSeconds] = [first.atSeconds, last.atSeconds];
  const growth = slopeOf(half) * (toSeconds - fromSeconds);
  return { isFlat: growth <= mostGrowth, growth, fromSeconds, toSeconds };
}

/**
 * The slope by Theil and Sen: the median of the slopes between all pairs. Up to 29 % of the points can be anything without
 * a say in it (P. K. Sen, "Estimates of the regression coefficient based on Kendall's tau", 1968).
 */
export function slopeOf(points: readonly Point[]): number {
  const slopes: number[] = [];
  for (const [index, one] of points.entries()) {
    for (const other of points.slice(index + 1)) {
      if (other.atSeconds === one.atSeconds) continue;
      slopes.push((other.value - one.value) / (other.atSeconds - one.atSeconds));
    }
  }
  return median(slopes);
}

/** The middle of the values; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
