// What a copy for a retry queue carries, and what the handler sees of it afterwards.
import type { RabbitMessage } from "millrace/rabbitmq";
import { describe, expect, test } from "vitest";
import { createCopyOptions, pickDelaySeconds, restoreOrigin } from "../../../src/rabbitmq/retry-queues.js";

function message(properties: RabbitMessage["properties"]): RabbitMessage {
  const fields = { deliveryTag: 7, redelivered: false, exchange: "shop", routingKey: "order.paid" };
  return { content: Buffer.from("x"), fields, properties };
}

describe("the delay", () => {
  test.for([
    [3, 5],
    [5, 5],
    [5.1, 60],
    [86_400, 60],
  ] as const)("of %d s is taken from the queue of %d s", ([afterSeconds, delaySeconds]) => {
    expect(pickDelaySeconds([1, 5, 60], afterSeconds)).toBe(delaySeconds);
  });

  test("has no queue where there are none", () => {
    expect(pickDelaySeconds([], 5)).toBeUndefined();
  });
});

describe("a copy", () => {
  test("carries the properties of the message, and is returned if the queue is not there", () => {
    const properties = {
      contentType: "application/json",
      deliveryMode: 2,
      correlationId: "7",
      headers: { tenant: "a" },
    };
    expect(createCopyOptions(message(properties), 3)).toEqual({
      ...properties,
      mandatory: true,
      headers: {
        tenant: "a",
        "x-millrace-attempts": 3,
        "x-millrace-exchange": "shop",
        "x-millrace-routing-key": "order.paid",
      },
    });
  });

  test("leaves out what would have it refused, ended early, or delivered elsewhere", () => {
    const headers = { CC: ["audit"], BCC: ["audit"], "x-delivery-count": 2 };
    const copy = createCopyOptions(message({ userId: "shop", expiration: "100", headers }), 1);
    expect(copy).not.toHaveProperty("userId");
    expect(copy).not.toHaveProperty("expiration");
    expect(Object.keys(copy["headers"] as object).sort()).toEqual([
      "x-millrace-attempts",
      "x-millrace-exchange",
      "x-millrace-routing-key",
    ]);
  });

  test("looks to the handler as the message did", () => {
    const { headers } = createCopyOptions(message({}), 1) as { headers: Record<string, unknown> };
    const back = { ...message({ headers }), fields: { ...message({}).fields, exchange: "", routingKey: "orders" } };
    expect(restoreOrigin(back).fields).toMatchObject({ exchange: "shop", routingKey: "order.paid", deliveryTag: 7 });
  });
});
