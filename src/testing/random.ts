// Numbers that look random and are the same for the same seed, so that a failing history can be replayed.

/** Gives a number from 0 (included) to 1 (excluded), as `Math.random` does. */
export type RandomSource = () => number;

/**
 * A random source that gives the same numbers for the same seed (mulberry32: fast, 32 bits of state, good enough for
 * drawing faults; not for secrets).
 */
export function seededRandom(seed: number): RandomSource {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A whole number from `least` to `most`, both included. */
export function drawInteger(random: RandomSource, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}
