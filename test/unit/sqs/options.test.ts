// Each option of a queue is checked at once, and refused with what was expected and what came.
import { Consumer, type MillraceError, OptionError, SqsRunner } from "millrace";
import { SimulatedSqs } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { resolveSqsOptions } from "../../../src/sqs/options.js";

const QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders";

function refusalOf(options: object): MillraceError {
  try {
    resolveSqsOptions({ queueUrl: QUEUE_URL, ...options });
  } catch (error) {
    return error as MillraceError;
  }
  throw new Error("nothing was refused");
}

describe("an option is refused", () => {
  test.each<[string, unknown, string, string]>([
    ["waitTimeSeconds", 0, "a whole number from 1 to 20", "0"],
    ["waitTimeSeconds", 21, "a whole number from 1 to 20", "21"],
    ["waitTimeSeconds", 2.5, "a whole number from 1 to 20", "2.5"],
    ["visibilityTimeoutSeconds", 4, "a whole number from 5 to 43200", "4"],
    ["visibilityTimeoutSeconds", 12.5, "a whole number from 5 to 43200", "12.5"],
    ["visibilityTimeoutSeconds", 50_000, "a whole number from 5 to 43200", "50000"],
    ["visibilityTimeoutSeconds", "30", "a whole number from 5 to 43200", '"30"'],
    ["maxReceives", 0, "a whole number from 1 to 1000", "0"],
    ["maxReceives", Infinity, "a whole number from 1 to 1000", "Infinity"],
    ["messageAttributeNames", "All", "an array of strings", '"All"'],
    ["messageAttributeNames", [1], "an array of strings", "an array"],
    ["messageSystemAttributeNames", [""], "an array of strings", "an array"],
    ["settleMaxAgeMs", -1, "a number from 0 to 10000", "-1"],
    ["settleMaxAgeMs", Number.NaN, "a number from 0 to 10000", "NaN"],
    ["maxSettleRequests", 0, "a whole number from 1 to 1000", "0"],
    ["maxUnconfirmed", 9, "a whole number from 10 to 100000", "9"],
    ["pollGraceMs", 20_001, "a number from 0 to 20000", "20001"],
    ["requestTimeoutMs", 99, "a number from 100 to 60000", "99"],
    ["random", 0.5, "a function", "0.5"],
    ["region", "", "a string that is not empty", '""'],
    ["client", {}, "an SQSClient of @aws-sdk/client-sqs, or an object with the calls of SqsPort", "an object"],
    ["client", null, "an SQSClient of @aws-sdk/client-sqs, or an object with the calls of SqsPort", "null"],
    ["client", "default", "an SQSClient of @aws-sdk/client-sqs, or an object with the calls of SqsPort", '"default"'],
    ["deadLetterQueueUrl", "dead", "the URL of a queue (https://sqs.REGION.amazonaws.com/ACCOUNT/NAME)", '"dead"'],
  ])("%s: %o", (option, value, expected, received) => {
    const error = refusalOf({ [option]: value });
    expect(error).toBeInstanceOf(OptionError);
    expect(error).toMatchObject({ code: "OPTION_INVALID", option, expected, received });
  });

  test.each([
    [undefined],
    [""],
    ["orders"],
    ["sqs.eu-west-1.amazonaws.com/123456789012/orders"],
    ["ftp://sqs.eu-west-1.amazonaws.com/123456789012/orders"],
    ["https://sqs.eu-west-1.amazonaws.com"],
    ["https://sqs.eu-west-1.amazonaws.com/123456789012/"],
    [new URL(QUEUE_URL)],
  ])("queueUrl: %o", (queueUrl) => {
    expect(refusalOf({ queueUrl })).toMatchObject({ option: "queueUrl", code: "OPTION_INVALID" });
  });

  test.each([
    [QUEUE_URL, `${QUEUE_URL}-dead.fifo`, "a standard queue"],
    [`${QUEUE_URL}.fifo`, `${QUEUE_URL}-dead`, "a FIFO queue"],
  ])("deadLetterQueueUrl of another kind than queueUrl: %s and %s", (queueUrl, deadLetterQueueUrl, expected) => {
    expect(refusalOf({ queueUrl, deadLetterQueueUrl })).toMatchObject({
      option: "deadLetterQueueUrl",
      expected: expect.stringContaining(expected) as string,
    });
  });

  test("with a name that there is none of, by the runner and by the consumer", () => {
    expect(refusalOf({ batchSize: 10 })).toMatchObject({ option: "batchSize" });
    expect(() => new Consumer(() => undefined, { queueUrl: QUEUE_URL, batchSize: 10 } as never)).toThrow("batchSize");
  });
});

describe("a queue's options", () => {
  test("are complete and frozen when nothing but the URL is given", () => {
    const options = resolveSqsOptions({ queueUrl: QUEUE_URL });
    expect(Object.isFrozen(options)).toBe(true);
    expect(options).toMatchObject({
      region: "eu-west-1",
      waitTimeSeconds: 20,
      visibilityTimeoutSeconds: 30,
      messageAttributeNames: ["All"],
      messageSystemAttributeNames: ["ApproximateReceiveCount", "MessageGroupId", "SentTimestamp", "AWSTraceHeader"],
    });
  });

  test("ask for more system attributes than those that are needed, and for none twice", () => {
    const namesFor = (messageSystemAttributeNames: string[]): readonly string[] =>
      resolveSqsOptions({ queueUrl: QUEUE_URL, messageSystemAttributeNames }).messageSystemAttributeNames;
    expect(namesFor(["SenderId", "SentTimestamp"])).toEqual([
      "ApproximateReceiveCount",
      "MessageGroupId",
      "SentTimestamp",
      "AWSTraceHeader",
      "SenderId",
    ]);
    expect(namesFor(["SenderId", "All"])).toEqual(["All"]);
  });

  test("take an SDK client, whatever its class, and a port", () => {
    const client = { send: () => Promise.resolve({}) };
    expect(resolveSqsOptions({ queueUrl: QUEUE_URL, client }).client).toBe(client);
    const port = new SimulatedSqs();
    expect(resolveSqsOptions({ queueUrl: QUEUE_URL, client: port }).client).toBe(port);
  });

  test("draw jitter from a source that answers nonsense or throws", () => {
    const draw = (random: () => number): number => resolveSqsOptions({ queueUrl: QUEUE_URL, random }).random();
    expect(draw(() => 0.25)).toBe(0.25);
    for (const nonsense of [1, -1, Number.NaN, Infinity, "0.5" as never, undefined as never]) {
      expect(draw(() => nonsense)).toBe(0.5);
    }
    const broken = (): number => {
      throw new Error("no luck");
    };
    expect(draw(broken)).toBe(0.5);
  });
});

describe("the region", () => {
  test.each([
    ["https://sqs.eu-west-1.amazonaws.com/123456789012/orders", "eu-west-1"],
    ["https://sqs.us-gov-west-1.amazonaws.com/123456789012/orders", "us-gov-west-1"],
    ["https://sqs.cn-north-1.amazonaws.com.cn/123456789012/orders", "cn-north-1"],
    ["https://sqs-fips.us-east-2.amazonaws.com/123456789012/orders", "us-east-2"],
    ["https://sqs.eu-central-1.api.aws/123456789012/orders", "eu-central-1"],
    ["https://vpce-0a1b2c-xyz.sqs.eu-west-3.vpce.amazonaws.com/123456789012/orders", "eu-west-3"],
    ["https://eu-west-1.queue.amazonaws.com/123456789012/orders", "eu-west-1"],
    ["http://sqs.us-east-1.localhost.localstack.cloud:4566/000000000000/orders", "us-east-1"],
  ])("is the one that the URL names: %s", (queueUrl, region) => {
    expect(resolveSqsOptions({ queueUrl }).region).toBe(region);
    expect(resolveSqsOptions({ queueUrl, region }).region).toBe(region);
  });

  test.each([
    "http://localhost:4566/000000000000/orders",
    "http://127.0.0.1:9324/000000000000/orders",
    "https://queue.amazonaws.com/123456789012/orders",
    "https://sqs.example.com/123456789012/orders",
    "https://sqs.internal.example.com/orders",
    "https://my-sqs.example.com/orders",
  ])("is left open where the URL names none: %s", (queueUrl) => {
    expect(resolveSqsOptions({ queueUrl }).region).toBeUndefined();
    expect(resolveSqsOptions({ queueUrl, region: "eu-west-1" }).region).toBe("eu-west-1");
  });

  test("is refused when the URL names another", () => {
    expect(refusalOf({ region: "us-east-1" })).toMatchObject({
      option: "region",
      expected: '"eu-west-1", as the queue URL says, or to be absent',
      received: '"us-east-1"',
    });
  });
});

test("a runner says which queue it is for", () => {
  expect(new SqsRunner({ queueUrl: QUEUE_URL }).queueUrl).toBe(QUEUE_URL);
});
