// What directClient is called with is checked before anything is begun.
import { SQS, SQSClient } from "@aws-sdk/client-sqs";
import { OptionError } from "millrace";
import { directClient, type DirectClientOptions } from "millrace/direct";
import { describe, expect, test } from "vitest";
import { configured } from "../../support/direct-inputs.js";

const refused: ReadonlyArray<readonly [string, unknown, string]> = [
  ["client", {}, "Option client: expected an SQSClient of @aws-sdk/client-sqs, got an object."],
  ["client", null, "Option client: expected an SQSClient of @aws-sdk/client-sqs, got null."],
  ["client", { config: {} }, "Option client: expected an SQSClient of @aws-sdk/client-sqs, got an object."],
  ["client", "sqs", 'Option client: expected an SQSClient of @aws-sdk/client-sqs, got "sqs".'],
  ["region", "", 'Option region: expected a string that is not empty, got "".'],
  ["region", 7, "Option region: expected a string that is not empty, got 7."],
  ["endpoint", "localhost:9324", 'Option endpoint: expected an http: or https: URL, got "localhost:9324".'],
  ["endpoint", "ftp://localhost", 'Option endpoint: expected an http: or https: URL, got "ftp://localhost".'],
  ["maxAttempts", 0, "Option maxAttempts: expected a whole number from 1 to 10, got 0."],
  ["maxAttempts", 1.5, "Option maxAttempts: expected a whole number from 1 to 10, got 1.5."],
  ["requestTimeoutMs", 99, "Option requestTimeoutMs: expected a number from 100 to 60000, got 99."],
  ["connectTimeoutMs", Infinity, "Option connectTimeoutMs: expected a number from 100 to 60000, got Infinity."],
  ["dispatcher", {}, "Option dispatcher: expected a dispatcher of undici (an object with dispatch), got an object."],
  ["shouldVerifyChecksums", "yes", 'Option shouldVerifyChecksums: expected true or false, got "yes".'],
];

describe("an option that cannot be used", () => {
  test.each(refused)("%s: %j", (option, value, message) => {
    const call = (): unknown => directClient({ [option]: value });
    expect(call).toThrow(OptionError);
    expect(call).toThrow(message);
  });

  test("an endpoint beside a client, which has its own", () => {
    const call = (): unknown => directClient({ client: configured(), endpoint: "http://localhost:9324" });
    expect(call).toThrow('Option endpoint: expected to be absent beside client, got "http://localhost:9324".');
  });

  test("a name that there is not", () => {
    expect(() => directClient({ maxSockets: 50 } as DirectClientOptions)).toThrow("Option maxSockets: expected one of");
  });

  test.each([[null], ["sqs"], [[]]])("options that are none: %j", (options) => {
    expect(() => directClient(options as unknown as DirectClientOptions)).toThrow("the options of directClient");
  });
});

describe("options that can be used", () => {
  test.each([
    ["none", undefined],
    ["a client", { client: new SQSClient({ region: "us-east-1" }) }],
    ["an aggregated client", { client: new SQS({ region: "us-east-1" }) }],
    ["undefined for each", { client: undefined, region: undefined, endpoint: undefined, dispatcher: undefined }],
  ])("%s", (_name, options) => {
    expect(typeof directClient(options).receiveMessage).toBe("function");
  });
});
