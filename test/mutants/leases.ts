// Defects of what keeps a message ours while it is here.
import type { Mutant } from "./mutant.js";

export const LEASE_MUTANTS: readonly Mutant[] = [
  {
    name: "no heartbeat in the waiting room",
    file: "sqs/hand.ts",
    find: "    this.#leases.keep(delivery);\n    return delivery;",
    replace: "    return delivery;",
  },
  {
    name: "no heartbeat while an acknowledgement is unconfirmed",
    file: "sqs/hand.ts",
    find: "    this.#unconfirmed += 1;\n",
    replace: "    this.#unconfirmed += 1;\n    this.#leases.drop(delivery);\n",
  },
  {
    name: "the heartbeat stops after one renewal",
    file: "sqs/hand.ts",
    find: "if (delivery.queueIndex !== -1) this.#leases.keep(delivery);",
    replace: "this.#leases.drop(delivery);",
  },
  {
    name: "a lease is renewed when it has ended",
    file: "sqs/lease-keeper.ts",
    find: "delivery.deadline - this.#visibilityTimeoutMs * RENEW_WITH_REMAINING",
    replace: "delivery.deadline + this.#visibilityTimeoutMs * RENEW_WITH_REMAINING",
  },
  {
    name: "a lease counts from the answer, not from the request",
    file: "sqs/receiver.ts",
    find: "const assignedAt = sentAt + Math.max(0, durationMs - MAX_LATENCY_MS);",
    replace: "const assignedAt = sentAt + durationMs;",
  },
  {
    name: "a lease is extended past twelve hours",
    file: "sqs/hand.ts",
    find: "const LONGEST_LEASE_MS = 43_199_000;",
    replace: "const LONGEST_LEASE_MS = 86_400_000;",
  },
  {
    name: "a handler is not told that its lease has lapsed",
    file: "sqs/hand.ts",
    find: "    this.#intake.revoke(delivery, reason);",
    replace: "    void reason;",
  },
  {
    name: "a handler starts on a lapsed lease",
    file: "consumer/execution.ts",
    find: "if (this.delivery.begin?.() !== false) return true;",
    replace: "if (this.delivery !== undefined) return true;",
  },
  {
    name: "a message that comes again while it is here runs twice",
    file: "sqs/hand.ts",
    find: '    if (known?.isReturning === true && known.phase !== "abandoned") {',
    replace: "    if (known !== undefined) {",
  },
  {
    name: "a message that comes again is settled with its old handle",
    file: "sqs/hand.ts",
    find: "    delivery.renewReceipt(receipt);\n",
    replace: "    void receipt;\n",
  },
  {
    name: "an extension may arrive after the message was given back",
    file: "sqs/hand.ts",
    find: "if (delivery.isExtensionOut && delivery.extension !== undefined) await this.#prepare(delivery.extension);",
    replace: "if (delivery.isExtensionOut && delivery.extension !== undefined) void this.#prepare(delivery.extension);",
  },
];
