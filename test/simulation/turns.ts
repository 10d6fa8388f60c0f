// What a run of a handler says in the end.
import { ack, deadLetter, drop, release, retry } from "millrace";
import type { Turn } from "./history.js";

/** What a run has said: that the message is done, that it is dead, or that it is to come back. */
export type Said = "done" | "dead" | "back";

/** The turn of those that nothing was planned for. */
export const PLAIN_TURN: Turn = {
  ending: "return",
  durationMs: 0,
  isSynchronous: false,
  isHeedful: true,
  retrySeconds: 0,
  pauses: undefined,
  extendSeconds: undefined,
  stopTimeoutMs: undefined,
  hasSignal: true,
};

export function saidBy({ ending }: Turn): Said {
  if (ending === "return" || ending === "returnText" || ending === "ack" || ending === "drop") return "done";
  return ending === "deadLetter" ? "dead" : "back";
}

/** Returns, or throws, what the turn says. */
export function endTurn(turn: Turn): unknown {
  switch (turn.ending) {
    case "return":
      return undefined;
    case "returnText":
      return "retry";
    case "ack":
      return ack(7);
    case "drop":
      return drop("not wanted");
    case "deadLetter":
      return deadLetter("cannot be done");
    case "retry":
      return retryOf(turn);
    case "release":
      return release();
    case "throwRetry":
      // eslint-disable-next-line typescript/only-throw-error -- a handler may throw an outcome.
      throw retryOf(turn);
    case "throwUndefined":
      // eslint-disable-next-line typescript/only-throw-error -- handlers throw anything.
      throw undefined;
    case "throwText":
      // eslint-disable-next-line typescript/only-throw-error -- handlers throw anything.
      throw "a text";
    default:
      throw new Error("a handler has failed");
  }
}

function retryOf({ retrySeconds, pauses }: Turn): ReturnType<typeof retry> {
  return retry({ afterSeconds: retrySeconds, pause: pauses });
}
