// What RabbitRunner says of options that cannot be used.
import { OptionError } from "millrace";
import { RabbitRunner, type RabbitRunnerOptions } from "millrace/rabbitmq";
import { describe, expect, test } from "vitest";

const good = { url: "amqp://localhost", queue: "orders" };

function refusalOf(options: object): OptionError {
  try {
    void new RabbitRunner(options as RabbitRunnerOptions);
  } catch (error) {
    if (error instanceof OptionError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("refuses", () => {
  test.for<[string, object, string, RegExp]>([
    ["no options", [] as object, "options", /an object with the options of RabbitRunner/u],
    ["no URL", { queue: "orders" }, "url", /an AMQP URL.*got undefined/u],
    ["an empty list of URLs", { ...good, url: [] }, "url", /at least one URL/u],
    ["a web address", { ...good, url: "http://localhost:15672" }, "url", /an AMQP URL.*got "http:/u],
    ["something else than a URL", { ...good, url: "localhost:5672" }, "url", /an AMQP URL/u],
    ["one bad URL among others", { ...good, url: ["amqp://one", 2] }, "url", /an AMQP URL.*got 2/u],
    ["a virtual host that cannot be decoded", { ...good, url: "amqp://localhost/%zz" }, "url", /an AMQP URL/u],
    ["a virtual host that is not UTF-8", { ...good, url: "amqp://localhost/%ff" }, "url", /an AMQP URL/u],
    ["a heartbeat that is no number", { ...good, url: "amqp://localhost?heartbeat=often" }, "url", /heartbeat.*whole/u],
    ["no queue", { url: good.url }, "queue", /a string that is not empty/u],
    ["no prefetch at all", { ...good, prefetch: 0 }, "prefetch", /a whole number of at least 1/u],
    ["a delay in milliseconds", { ...good, retryDelaysSeconds: [0.5] }, "retryDelaysSeconds", /whole numbers from 1/u],
    ["one delay alone", { ...good, retryDelaysSeconds: 5 }, "retryDelaysSeconds", /an array of/u],
    ["to declare nothing", { ...good, shouldDeclareRetryQueues: true }, "shouldDeclareRetryQueues", /to be absent/u],
    ["another type of queue", { ...good, retryQueueType: "stream" }, "retryQueueType", /"quorum" or "classic"/u],
    ["a misspelt option", { ...good, prefetchCount: 5 }, "prefetchCount", /one of the options of RabbitRunner/u],
  ])("%s", ([, options, option, text]) => {
    const error = refusalOf(options);
    expect(error.option).toBe(option);
    expect(error.message).toMatch(text);
  });
});

test.for([
  ["http://me:secret@localhost", "http://…@localhost"],
  ["me:secret@localhost:5672", "…@localhost:5672"],
  ["amqp:me:secret@localhost", "…@localhost"],
  ["amqp://me:sec//ret@loc al//host", "amqp://…@loc al//host"],
])("a password is in no message: %s", ([url, shown]) => {
  const { message, received } = refusalOf({ ...good, url });
  expect(message).not.toMatch(/sec|ret/u);
  expect(received).toBe(`"${shown}"`);
});

test("nothing is connected to before the start", () => {
  expect(new RabbitRunner(good).stats()).toEqual({ receivesInFlight: 0, settlementsPending: 0 });
});
