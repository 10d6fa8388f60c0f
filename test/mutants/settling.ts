// Defects of the harvester and of what tells the service.
import type { Mutant } from "./mutant.js";

export const SETTLING_MUTANTS: readonly Mutant[] = [
  {
    name: "a failed entry of a batch is not tried again",
    file: "harvester/harvester.ts",
    find: "if (mayRetry && this.#options.retryUntil(entry.item) > this.#options.clock.now()) return false;",
    replace: "void mayRetry;",
  },
  {
    name: "a refused entry is tried again",
    file: "harvester/harvester.ts",
    find: 'const mayRetry = result?.status !== "refused" && this.#givenUp === undefined;',
    replace: "const mayRetry = this.#givenUp === undefined;",
  },
  {
    name: "an entry is settled by the result of the first",
    file: "harvester/harvester.ts",
    find: "!this.#take(entry, results[index])",
    replace: "!this.#take(entry, results[Math.min(index, 0)])",
  },
  {
    name: "each item sets the age of a batch back",
    file: "harvester/harvester.ts",
    find: "else if (this.#ageTimer === undefined) this.#watchAge(maxAgeMs);",
    replace: "else {\n      this.#ageTimer?.cancel();\n      this.#watchAge(maxAgeMs);\n    }",
  },
  {
    name: "a stop does not flush what is collected",
    file: "harvester/harvester.ts",
    find: "    this.flush();\n    this.#queueBatches(); // What waited",
    replace: "    this.#queueBatches(); // What waited",
  },
  {
    name: "a failed batch is tried again without a rest",
    file: "harvester/harvester.ts",
    find: "setTimer(() => this.#tryAgain(), this.#backoff.nextDelayMs());",
    replace: "setTimer(() => this.#tryAgain(), 0);",
  },
  {
    name: "a batch has eleven entries",
    file: "sqs/settler.ts",
    find: "const MAX_BATCH_SIZE = 10;",
    replace: "const MAX_BATCH_SIZE = 11;",
  },
  {
    name: "an entry that the answer does not mention counts as done",
    file: "sqs/batch-call.ts",
    find: "({ length: count }, () => NOT_CONFIRMED)",
    replace: "({ length: count }, () => DONE)",
  },
  {
    name: "an entry that failed counts as done",
    file: "sqs/batch-call.ts",
    find: "setResult(results, failure.Id, toEntryResult(failure, operation, secrets()));",
    replace: "setResult(results, failure.Id, DONE);",
  },
  {
    name: "an acknowledgement by an old receipt handle is trusted",
    file: "sqs/settler.ts",
    find: "const isVoid = this.#isVoid(delivery, error);",
    replace: "const isVoid = delivery === undefined;",
  },
  {
    name: "an acknowledgement after the lease has lapsed is trusted",
    file: "sqs/settler.ts",
    find: "hasLapsed: lapsed.length === 0 ? undefined",
    replace: "hasLapsed: lapsed.length >= 0 ? undefined",
  },
  {
    name: "a request that is not answered is waited for without end",
    file: "sqs/settler.ts",
    find: "const { operation, timeoutMs = this.#options.timeoutMs } = call;",
    replace: "const { operation } = call;\n    const timeoutMs = 86_400_000;",
  },
];
