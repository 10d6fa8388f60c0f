// Queues that could not be started, as one error that names them.
import { describeThrown, MillraceError } from "../errors.js";
import { describeQueue } from "./queue.js";

/** A queue, and why it could not be started. */
export interface StartFailure {
  readonly queue: string;
  readonly error: unknown;
}

/** How many queues a message names. */
const MOST_NAMED = 5;

/** Makes one error of at least one. It has the code of the first, which is its cause. */
export function createStartError([first, ...others]: readonly [StartFailure, ...StartFailure[]]): MillraceError {
  const { queue, error } = first;
  const code = codeOf(error);
  const reason = error instanceof Error ? error.message : describeThrown(error);
  const text = `${describeQueue(queue)}: ${reason}${describeOthers(others)}`;
  return new MillraceError(code, text, { cause: error });
}

function describeOthers(others: readonly StartFailure[]): string {
  if (others.length === 0) return "";
  const named = others.slice(0, MOST_NAMED - 1).map(({ queue, error }) => `"${queue}" (${codeOf(error)})`);
  const unnamed = others.length - named.length;
  return ` Nor could these be started: ${named.join(", ")}${unnamed > 0 ? ` and ${unnamed} more` : ""}.`;
}

function codeOf(error: unknown): MillraceError["code"] {
  return error instanceof MillraceError ? error.code : "INTERNAL";
}
