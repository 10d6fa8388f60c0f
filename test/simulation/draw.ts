// Draws from one random source.
import { type RandomSource, seededRandom } from "millrace/testing";

export class Draw {
  readonly random: RandomSource;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    // Neighbouring seeds begin alike.
    for (let turn = 0; turn < 8; turn += 1) this.random();
  }

  happens(chance: number): boolean {
    return this.random() < chance;
  }

  /** A number from `least` up to `most`. */
  between(least: number, most: number): number {
    return least + this.random() * (most - least);
  }

  /** A whole number from `least` to `most`, both included. */
  integer(least: number, most: number): number {
    return Math.floor(this.between(least, most + 1));
  }

  oneOf<Value>(values: readonly Value[]): Value {
    return values[this.integer(0, values.length - 1)] as Value;
  }

  /** The value, with that chance. */
  maybe<Value>(chance: number, value: () => Value): Value | undefined {
    return this.happens(chance) ? value() : undefined;
  }
}
