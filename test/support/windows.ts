// How many things happened within a time, judged by the moments at which they did.

/** The most that happened within any window of that length, both ends included. The moments are in order. */
export function mostWithin(moments: readonly number[], windowMs: number): number {
  let most = 0;
  let first = 0;
  for (const [last, moment] of moments.entries()) {
    while (moment - (moments[first] as number) > windowMs) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

/** How many happened from a moment on, until another. */
export function countBetween(moments: readonly number[], fromMs: number, toMs: number): number {
  return moments.filter((moment) => moment >= fromMs && moment < toMs).length;
}
