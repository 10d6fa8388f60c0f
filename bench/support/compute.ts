// A handler that only computes: the same number of steps for each message, so that rates can be compared.
import type { Handler, Message } from "millrace";

/** Steps of a xorshift generator (Marsaglia, "Xorshift RNGs", 2003); the body says how many. */
const compute: Handler<Message> = ({ Body }) => {
  let state = 2_463_534_242;
  for (let step = Number(Body); step > 0; step -= 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
  }
  return state;
};

export default compute;
