// A source of random numbers of the user's, that cannot do harm: jitter is no reason to fail.
import { silence } from "./silence.js";

/** Numbers from 0 up to 1, whatever the function does: 0.5 where it answers with something else. */
export function safeRandom(random: () => number): () => number {
  return () => {
    try {
      const number: unknown = random();
      if (typeof number === "number" && number >= 0 && number < 1) return number;
      silence(number);
    } catch {
      // As if it had answered with nothing.
    }
    return 0.5;
  };
}
