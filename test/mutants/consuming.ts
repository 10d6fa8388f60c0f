// Defects of the consumer: what a handler has said, the order of groups, and the stop.
import type { Mutant } from "./mutant.js";

export const CONSUMING_MUTANTS: readonly Mutant[] = [
  {
    name: "a message whose handler failed is deleted",
    file: "sqs/hand.ts",
    find: 'const isDelete = outcome.kind === "ack" || outcome.kind === "drop";',
    replace: 'const isDelete = outcome.kind !== "release" && outcome.kind !== "deadLetter";',
  },
  {
    name: "a dead letter is deleted though it could not be sent",
    file: "sqs/hand.ts",
    find: "        await this.#prepare(this.#sendDeadLetter(delivery, outcome.reason));",
    replace: "        await this.#prepare(this.#sendDeadLetter(delivery, outcome.reason).catch(() => undefined));",
  },
  {
    name: "a retry forgets its delay",
    file: "sqs/hand.ts",
    find: "Math.ceil(outcome.afterSeconds)",
    replace: "Math.min(0, outcome.afterSeconds)",
  },
  {
    name: "a retry policy that throws takes the message with it",
    file: "consumer/messages-in-hand.ts",
    find: "      return judgeByDefault(error, context);",
    replace: "      throw cause;",
  },
  {
    name: "a handler that has timed out is not told",
    file: "consumer/messages-in-hand.ts",
    find: "      execution.abort(createTimeoutError(handlerTimeoutMs));",
    replace: "",
  },
  {
    name: "the next of a group starts before the one before is confirmed",
    file: "consumer/lanes.ts",
    find: "if (lane !== undefined && member.isConfirmed && !member.isRunning)",
    replace: "if (lane !== undefined && (member.isConfirmed || member.isSettled) && !member.isRunning)",
  },
  {
    name: "what is behind a failed message of its group is not given back",
    file: "consumer/lanes.ts",
    find: "    this.#giveBackBehind(member);\n    if (hasItsTurn) halt(lane);",
    replace: "    if (hasItsTurn) halt(lane);",
  },
  {
    name: "a stop gives back nothing that has not started",
    file: "consumer/session.ts",
    find: "      execution.giveBack();\n    }\n  }\n",
    replace: "    }\n  }\n",
  },
  {
    name: "a stop forgets what the last long polls bring",
    file: "consumer/session.ts",
    find: "    if (this.#isReleasing) this.#releaseUnstarted();\n",
    replace: "",
  },
  {
    name: "a stop does not wait for the handlers",
    file: "consumer/session.ts",
    find: "const ended = Promise.all([this.#endSource(), this.#drainWorker()]);",
    replace: "const ended = this.#endSource();",
  },
  {
    name: "a stop does not wait for confirmations",
    file: "consumer/session.ts",
    find: "await Promise.all([this.#parts.runner.close?.(signal), this.#inHand.whenConfirmed()]);",
    replace: "void this.#parts.runner.close?.(signal);",
  },
  {
    name: "a stop goes on receiving",
    file: "consumer/session.ts",
    find: '    this.#polling.abort(new MillraceError("STOPPED", "stop() was called."));\n',
    replace: "",
  },
  {
    name: "a stop whose time is over does not tell the handlers",
    file: "consumer/session.ts",
    find: "const aborted = this.#inHand.abortAll(reason);",
    replace: "const aborted = reason === undefined ? 1 : 0;",
  },
];
