// A clock that is off is noticed by what the service answers, and made up for.
import { directClient } from "millrace/direct";
import { describe, expect, test } from "vitest";
import { type CannedAnswer, CannedDispatcher, type DispatchedRequest } from "../../support/canned-dispatcher.js";
import { configured, DELETE, RECEIVE } from "../../support/direct-inputs.js";

const MINUTE_MS = 60_000;

function signedAt({ headers }: DispatchedRequest): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/u.exec(headers["x-amz-date"] ?? "") ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** A service whose clock is ahead by so much, and that takes requests within five minutes of its time. */
class StrictService {
  aheadMs: number;
  readonly dispatcher: CannedDispatcher;

  constructor(aheadMs: number, refusal: (now: number) => CannedAnswer = refuse) {
    this.aheadMs = aheadMs;
    this.dispatcher = new CannedDispatcher((request) => {
      const now = Date.now() + this.aheadMs;
      return Math.abs(signedAt(request) - now) <= 5 * MINUTE_MS ? {} : refusal(now);
    });
  }

  get requests(): number {
    return this.dispatcher.requests.length;
  }
}

function refuse(now: number): CannedAnswer {
  return {
    statusCode: 403,
    headers: { date: new Date(now).toUTCString(), "x-amzn-query-error": "RequestExpired;Sender" },
    body: JSON.stringify({ __type: "com.amazon.coral.service#RequestExpired", message: "Request has expired." }),
  };
}

describe("a clock that is off", () => {
  test.each([[60], [-60], [6], [600_000]])(
    "by %d minutes: the first request is made again, the others are right",
    async (minutes) => {
      const service = new StrictService(minutes * MINUTE_MS);
      const client = directClient({ client: configured(), dispatcher: service.dispatcher });
      await client.receiveMessage(RECEIVE);
      expect(service.requests).toBe(2);
      await client.receiveMessage(RECEIVE);
      await client.deleteMessageBatch(DELETE);
      expect(service.requests).toBe(4);
    },
  );

  test("is noticed by requests that are out together, each once", async () => {
    const service = new StrictService(60 * MINUTE_MS);
    const client = directClient({ client: configured(), dispatcher: service.dispatcher });
    await Promise.all(Array.from({ length: 10 }, () => client.receiveMessage(RECEIVE)));
    expect(service.requests).toBe(20);
  });

  test("and is set right later is made up for again", async () => {
    const service = new StrictService(60 * MINUTE_MS);
    const client = directClient({ client: configured(), dispatcher: service.dispatcher, maxAttempts: 1 });
    await client.receiveMessage(RECEIVE);
    service.aheadMs = 0;
    await client.deleteMessageBatch(DELETE);
    expect(service.requests).toBe(4);
  });

  test("is known where the SDK's client has been told", async () => {
    const service = new StrictService(60 * MINUTE_MS);
    const client = configured(undefined, { systemClockOffset: 60 * MINUTE_MS });
    await directClient({ client, dispatcher: service.dispatcher }).receiveMessage(RECEIVE);
    expect(service.requests).toBe(1);
  });

  test("is made up for once in a call: a service that refuses all the same is believed", async () => {
    const dispatcher = new CannedDispatcher((_, index) => refuse(Date.now() + (index + 1) * 60 * MINUTE_MS));
    const client = directClient({ client: configured(), dispatcher });
    await expect(client.receiveMessage(RECEIVE)).rejects.toMatchObject({
      name: "RequestExpired",
      $metadata: { attempts: 2 },
    });
  });
});

describe("a clock that is right", () => {
  test.each([
    ["a refusal with nearly the same time", () => refuse(Date.now() + 3 * MINUTE_MS)],
    ["a refusal without a time", () => ({ ...refuse(0), headers: {} })],
    ["a refusal with something else for a time", () => ({ ...refuse(0), headers: { date: "yesterday" } })],
    ["a redirection by somebody else", () => ({ ...refuse(0), statusCode: 302 })],
    ["a gateway that is down", () => ({ ...refuse(0), statusCode: 503 })],
  ])("stays as it is: %s", async (_name, answer) => {
    const dispatcher = new CannedDispatcher((_request, index) => (index === 0 ? answer() : {}));
    const client = directClient({ client: configured(), dispatcher });
    await expect(client.receiveMessage(RECEIVE)).rejects.toThrow(Error);
    expect(dispatcher.requests).toHaveLength(1);
    await client.receiveMessage(RECEIVE);
    const [, second] = dispatcher.requests as [DispatchedRequest, DispatchedRequest];
    expect(Math.abs(signedAt(second) - Date.now())).toBeLessThan(MINUTE_MS);
  });
});
