// How often a message was delivered, by what is written on it.
import type { RabbitMessage } from "millrace/rabbitmq";
import { describe, expect, test } from "vitest";
import { countAttempts } from "../../../src/rabbitmq/attempts.js";

function message(headers: Record<string, unknown> | undefined, redelivered = false): RabbitMessage {
  const fields = { deliveryTag: 1, redelivered, exchange: "", routingKey: "orders" };
  return { content: Buffer.alloc(0), fields, properties: { headers } };
}

const death = (queue: string, reason: string, count: unknown): object => ({ queue, reason, count, exchange: "" });

describe("the attempt", () => {
  test.for<[string, RabbitMessage, number]>([
    ["is 1 for a message without headers", message(undefined), 1],
    ["is 1 for a message of somebody who writes headers", message({ tenant: "a" }), 1],
    ["is 2 for what a classic queue delivers again", message({}, true), 2],
    ["counts the returns that a quorum queue has counted", message({ "x-delivery-count": 3 }, true), 4],
    ["counts our own retries", message({ "x-millrace-attempts": 4 }), 5],
    ["counts both", message({ "x-millrace-attempts": 4, "x-delivery-count": 2 }, true), 7],
    ["counts rejections that led back to the queue", message({ "x-death": [death("orders", "rejected", 3)] }), 4],
    ["counts no death of another queue", message({ "x-death": [death("orders.wait", "rejected", 3)] }), 1],
    ["counts no death without a delivery", message({ "x-death": [death("orders", "expired", 3)] }), 1],
    ["counts a death without a count as one", message({ "x-death": [death("orders", "rejected", undefined)] }), 2],
    [
      "does not count twice what we have counted",
      message({ "x-millrace-attempts": 5, "x-death": [death("orders", "rejected", 3)] }),
      6,
    ],
    [
      "takes nonsense for nothing",
      message({ "x-delivery-count": "many", "x-death": "yes", "x-millrace-attempts": -1 }),
      1,
    ],
    ["takes a list of nonsense for nothing", message({ "x-death": [null, "x", 7] }), 1],
  ])("%s", ([, subject, attempt]) => {
    expect(countAttempts(subject, "orders")).toBe(attempt);
  });
});
