// Defects of receiving and of the waiting room.
import type { Mutant } from "./mutant.js";

export const RECEIVING_MUTANTS: readonly Mutant[] = [
  {
    name: "more is asked for than there are places",
    file: "sqs/receiver.ts",
    find: "MaxNumberOfMessages: places,",
    replace: "MaxNumberOfMessages: MAX_MESSAGES,",
  },
  {
    name: "the places of a receive that brought nothing are not given back",
    file: "sqs/receiver.ts",
    find: "      this.#intake.giveBack(places - used);\n      this.wake();",
    replace: "      this.wake();",
  },
  {
    name: "what is received beyond the places is forgotten",
    file: "sqs/hand.ts",
    find: '        delivery.phase = "returning";\n        void this.#giveBack(delivery, 0);',
    replace: '        delivery.phase = "returning";',
  },
  {
    name: "no pause after a receive has failed",
    file: "sqs/receiver.ts",
    find: "    this.#pauseFor(delayMs);\n    this.#intake.report(error);",
    replace: "    this.#intake.report(error);",
  },
  {
    name: "a receive that hangs is not ended",
    file: "sqs/receiver.ts",
    find: 'cancellation.abort(createTimeoutError("ReceiveMessage", limitMs))',
    replace: "void cancellation",
  },
  {
    name: "as many long polls as before on an empty queue",
    file: "sqs/receive-limit.ts",
    find: "this.#limit = Math.max(1, this.#limit - 1);",
    replace: "this.#limit = Math.max(1, this.#limit);",
  },
  {
    name: "one receive at a time",
    file: "sqs/receive-limit.ts",
    find: "Math.min(this.#limit + 1, this.#most)",
    replace: "Math.min(this.#limit + 0, this.#most)",
  },
  {
    name: "a slot is counted twice",
    file: "worker/pool.ts",
    find: "  #rest(life: PoolLife<Resource>, worker: PooledWorker<Resource>): void {\n    this.#running -= 1;",
    replace: "  #rest(life: PoolLife<Resource>, worker: PooledWorker<Resource>): void {\n    this.#running -= 2;",
  },
  {
    name: "a slot is lost with each task",
    file: "worker/pool.ts",
    find: "  #rest(life: PoolLife<Resource>, worker: PooledWorker<Resource>): void {\n    this.#running -= 1;",
    replace: "  #rest(life: PoolLife<Resource>, worker: PooledWorker<Resource>): void {",
  },
  {
    name: "the semaphore takes one permit whatever a message weighs",
    file: "worker/semaphore-worker.ts",
    find: "await this.#semaphore.acquire(weight);",
    replace: "await this.#semaphore.acquire(1);",
  },
  {
    name: "the waiting room starts the last message first",
    file: "worker/ring-buffer.ts",
    find: "    this.#slots[(this.#head + this.#size) & this.#mask] = item;",
    replace: "    this.#head = (this.#head + this.#mask) & this.#mask;\n    this.#slots[this.#head] = item;",
  },
  {
    name: "the waiting room keeps what it has given away",
    file: "worker/ring-buffer.ts",
    find: "    this.#slots[this.#head] = undefined;\n",
    replace: "",
  },
  {
    name: "the waiting room is filled by count and not by time",
    file: "worker/pool-share.ts",
    find: "const expectedStarts = Math.min(starts, this.#roomOptions.waitingRoom);",
    replace: "const expectedStarts = Math.max(starts, this.#roomOptions.waitingRoom);",
  },
  {
    name: "bytes that were taken in are not given back",
    file: "consumer/budget.ts",
    find: "    this.#bytes -= message.bytes;\n",
    replace: "",
  },
];
