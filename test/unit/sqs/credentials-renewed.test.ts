// Credentials that are refused: an SDK client is made to ask its provider, whatever it is made of.
import { Consumer, type MillraceError } from "millrace";
import { SqsServiceError } from "millrace/testing";
import { expect, test, vi } from "vitest";

const queueUrl = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders";
const EXPIRED = new SqsServiceError("ExpiredToken", "The security token included in the request is expired", {
  httpStatusCode: 403,
});
const DENIED = new SqsServiceError("AccessDeniedException", "User is not authorized.", { httpStatusCode: 403 });

async function receiveOnce(client: { send: () => Promise<never>; config?: unknown }): Promise<string[]> {
  const codes: string[] = [];
  const consumer = new Consumer(() => undefined, { queueUrl, client });
  consumer.on("error", ({ code }) => codes.push(code));
  await consumer.start().catch((error: unknown) => codes.push((error as MillraceError).code));
  await consumer.stop();
  return codes;
}

test("the provider is asked anew when the service has refused what it gave", async () => {
  const credentials = vi.fn<(options: object) => Promise<object>>(() => Promise.resolve({}));
  expect(await receiveOnce({ send: () => Promise.reject(EXPIRED), config: { credentials } })).toEqual([
    "CREDENTIALS_REFUSED",
  ]);
  expect(credentials.mock.calls).toEqual([[{ forceRefresh: true }]]);
});

test("and not when it is a permission that is missing", async () => {
  const credentials = vi.fn<() => Promise<object>>(() => Promise.resolve({}));
  expect(await receiveOnce({ send: () => Promise.reject(DENIED), config: { credentials } })).toEqual(["ACCESS_DENIED"]);
  expect(credentials).not.toHaveBeenCalled();
});

test.each([
  ["without a configuration", undefined],
  ["with credentials that are no function", { credentials: { accessKeyId: "A" } }],
  ["with a provider that throws", { credentials: () => { throw new Error("sealed"); } }], // prettier-ignore
  ["with a provider that rejects", { credentials: () => Promise.reject(new Error("sealed")) }],
])("a client %s is refused as it would be", async (_name, config) => {
  expect(await receiveOnce({ send: () => Promise.reject(EXPIRED), config })).toEqual(["CREDENTIALS_REFUSED"]);
});
