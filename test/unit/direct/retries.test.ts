// What is tried again inside, and what is left to the consumer's own back-off.
import { directClient, type DirectClientOptions } from "millrace/direct";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type AnswerRequest, type CannedAnswer, CannedDispatcher } from "../../support/canned-dispatcher.js";
import { configured, DELETE, QUEUE_URL, RECEIVE } from "../../support/direct-inputs.js";

const fine: CannedAnswer = {};
const failing: CannedAnswer = { statusCode: 500, body: '{"__type":"InternalFailure"}' };
const throttling: CannedAnswer = { statusCode: 400, body: '{"__type":"RequestThrottled"}' };
const refusing: CannedAnswer = { statusCode: 400, body: '{"__type":"InvalidParameterValue"}' };
const garbled: CannedAnswer = { body: "<html>" };

function coded(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** As `vi.useFakeTimers` leaves it alone. */
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** A client whose requests are answered like this, one after the other, the last answer again and again. */
function create(
  answers: ReadonlyArray<CannedAnswer | Error | AnswerRequest>,
  options: DirectClientOptions = {},
): { client: ReturnType<typeof directClient>; dispatcher: CannedDispatcher } {
  const dispatcher = new CannedDispatcher((request, index) => {
    const answer = answers[Math.min(index, answers.length - 1)];
    return typeof answer === "function" ? answer(request, index) : answer;
  });
  const endpoint = (): Promise<string> => Promise.resolve("http://localhost:9324");
  return { client: directClient({ client: configured(undefined, { endpoint }), dispatcher, ...options }), dispatcher };
}

/** Lets timers run until the call has settled, and says how. */
async function outcomeOf(call: Promise<unknown>): Promise<string> {
  let outcome: string | undefined;
  call.then(
    () => (outcome = "fine"),
    (error: unknown) => (outcome = (error as Error).name),
  );
  while (outcome === undefined) {
    await turn();
    await vi.advanceTimersByTimeAsync(10);
  }
  return outcome;
}

// The first error of the service loads the SDK's classes, which takes real time; the fake timers would not wait for it.
beforeAll(() => import("@aws-sdk/client-sqs"));
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
afterEach(() => void vi.useRealTimers());

describe("a call that settles messages", () => {
  test.each([
    ["a fault of the service", failing],
    ["an answer that cannot be read", garbled],
    ["a connection that was refused", coded("ECONNREFUSED")],
    ["a name that was not resolved just now", coded("EAI_AGAIN")],
    ["an answer that was cut off", coded("UND_ERR_RES_CONTENT_LENGTH_MISMATCH")],
    ["an answer that is no HTTP", Object.assign(new Error("HTTP"), { name: "HTTPParserError", data: "…" })],
  ])("is made twice: %s", async (_name, answer) => {
    const { client, dispatcher } = create([answer, fine]);
    expect(await outcomeOf(client.deleteMessageBatch(DELETE))).toBe("fine");
    expect(dispatcher.requests).toHaveLength(2);

    const failed = create([answer]);
    expect(await outcomeOf(failed.client.deleteMessageBatch(DELETE))).not.toBe("fine");
    expect(failed.dispatcher.requests).toHaveLength(2);
  });

  test.each([
    ["throttling, which the harvester goes by", throttling],
    ["a refusal", refusing],
    ["a missing permission", { statusCode: 403 }],
    ["a redirection", { statusCode: 302, headers: { location: "https://elsewhere.example/" } }],
    ["no answer in time", coded("UND_ERR_HEADERS_TIMEOUT")],
    ["no connection in time", coded("UND_ERR_CONNECT_TIMEOUT")],
    ["a certificate that is not trusted", coded("DEPTH_ZERO_SELF_SIGNED_CERT")],
  ])("is made once: %s", async (_name, answer) => {
    const { client, dispatcher } = create([answer]);
    expect(await outcomeOf(client.deleteMessageBatch(DELETE))).not.toBe("fine");
    expect(dispatcher.requests).toHaveLength(1);
  });

  test("is made as often as maxAttempts says, after pauses that grow, and says how often", async () => {
    const sentAt: number[] = [];
    const answer: AnswerRequest = () => {
      sentAt.push(Date.now());
      return failing;
    };
    const { client } = create([answer], { maxAttempts: 4 });
    const call = client.changeMessageVisibilityBatch({ QueueUrl: QUEUE_URL, Entries: [] });
    call.catch(() => undefined);
    await outcomeOf(call);
    await expect(call).rejects.toMatchObject({ name: "InternalFailure", $metadata: { attempts: 4 } });
    const pauses = sentAt.slice(1).map((at, index) => at - (sentAt[index] ?? 0));
    expect(pauses).toHaveLength(3);
    for (const [index, pause] of pauses.entries()) {
      expect(pause).toBeGreaterThanOrEqual(50 * 2 ** index);
      expect(pause).toBeLessThanOrEqual(100 * 2 ** index + 10);
    }
  });

  test("is made once with maxAttempts 1", async () => {
    const { client, dispatcher } = create([failing], { maxAttempts: 1 });
    expect(await outcomeOf(client.deleteMessageBatch(DELETE))).toBe("InternalFailure");
    expect(dispatcher.requests).toHaveLength(1);
  });

  test("each attempt is signed anew", async () => {
    const { client, dispatcher } = create([failing, fine]);
    vi.setSystemTime(Date.UTC(2026, 0, 1, 0, 0, 0, 990));
    expect(await outcomeOf(client.deleteMessageBatch(DELETE))).toBe("fine");
    expect(dispatcher.requests.map(({ headers }) => headers["x-amz-date"])).toEqual([
      "20260101T000000Z",
      "20260101T000001Z",
    ]);
  });
});

describe("a receive", () => {
  test.each([
    ["a fault of the service", failing],
    ["throttling", throttling],
    ["a connection that was refused", coded("ECONNREFUSED")],
    ["an answer that cannot be read", garbled],
    ["an answer that was cut off", coded("UND_ERR_RES_CONTENT_LENGTH_MISMATCH")],
  ])("is made once, whatever maxAttempts is: %s", async (_name, answer) => {
    const { client, dispatcher } = create([answer], { maxAttempts: 5 });
    expect(await outcomeOf(client.receiveMessage(RECEIVE))).not.toBe("fine");
    expect(dispatcher.requests).toHaveLength(1);
  });
});

describe.each([["UND_ERR_SOCKET"], ["ECONNRESET"], ["EPIPE"]])("a connection that ends at once: %s", (code) => {
  test("costs nothing, as it may have been idle before: a receive, too, is made again", async () => {
    const { client, dispatcher } = create([coded(code), fine], { maxAttempts: 1 });
    const startedAt = Date.now();
    expect(await outcomeOf(client.receiveMessage(RECEIVE))).toBe("fine");
    expect(await outcomeOf(client.deleteMessageBatch(DELETE))).toBe("fine");
    expect(dispatcher.requests).toHaveLength(3);
    expect(Date.now() - startedAt).toBeLessThan(50);
  });

  test("is met once in a call", async () => {
    const { client, dispatcher } = create([coded(code)]);
    expect(await outcomeOf(client.receiveMessage(RECEIVE))).not.toBe("fine");
    expect(dispatcher.requests).toHaveLength(2);
  });

  test("is told from one that is cut in the middle of a long poll", async () => {
    const later: AnswerRequest = () => {
      vi.setSystemTime(Date.now() + 1_500);
      return coded(code);
    };
    const { client, dispatcher } = create([later, fine]);
    expect(await outcomeOf(client.receiveMessage(RECEIVE))).not.toBe("fine");
    expect(dispatcher.requests).toHaveLength(1);
  });
});

describe("an abort", () => {
  test("before the call sends nothing", async () => {
    const { client, dispatcher } = create([fine]);
    await expect(client.receiveMessage(RECEIVE, { abortSignal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
    expect(dispatcher.requests).toHaveLength(0);
  });

  test("while credentials are asked for sends nothing", async () => {
    const { dispatcher } = create([fine]);
    const controller = new AbortController();
    const client = directClient({
      dispatcher,
      client: configured(() => {
        controller.abort();
        return Promise.resolve({ accessKeyId: "AKIAEXAMPLE", secretAccessKey: "secret" });
      }),
    });
    await expect(client.receiveMessage(RECEIVE, { abortSignal: controller.signal })).rejects.toMatchObject({
      name: "AbortError",
    });
    await turn();
    expect(dispatcher.requests).toHaveLength(0);
  });

  test("of a request that is waiting ends it, and says so at once", async () => {
    const { client, dispatcher } = create([() => undefined]);
    const controller = new AbortController();
    const call = client.receiveMessage(RECEIVE, { abortSignal: controller.signal });
    while (dispatcher.requests.length === 0) await turn();
    await turn();
    controller.abort(new Error("mine"));
    await expect(call).rejects.toMatchObject({ name: "AbortError", message: "Request aborted" });
    expect(dispatcher.aborted).toHaveLength(1);
  });

  test("before a connection is there ends the request when it is", async () => {
    const { client, dispatcher } = create([() => undefined]);
    const controller = new AbortController();
    const call = client.receiveMessage(RECEIVE, { abortSignal: controller.signal });
    call.catch(() => undefined);
    while (dispatcher.requests.length === 0) await Promise.resolve();
    controller.abort(); // The dispatcher has taken the request, and not begun it.
    expect(dispatcher.aborted).toHaveLength(0);
    await expect(call).rejects.toMatchObject({ name: "AbortError" });
    await turn();
    expect(dispatcher.aborted).toHaveLength(1);
  });

  test("between two attempts sends no more", async () => {
    const { client, dispatcher } = create([failing]);
    const controller = new AbortController();
    const call = client.listQueues({ QueueNamePrefix: "", MaxResults: 1 }, { abortSignal: controller.signal });
    call.catch(() => undefined);
    while (vi.getTimerCount() === 0) await turn();
    controller.abort();
    await expect(call).rejects.toMatchObject({ name: "AbortError" });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(dispatcher.requests).toHaveLength(1);
  });

  test("after the answer does nothing, and nothing listens any more", async () => {
    const { client, dispatcher } = create([fine]);
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, "addEventListener");
    const removed = vi.spyOn(signal, "removeEventListener");
    await client.receiveMessage(RECEIVE, { abortSignal: signal });
    expect(removed.mock.calls.map(([, listener]) => listener)).toEqual(
      added.mock.calls.map(([, listener]) => listener),
    );
    expect(dispatcher.aborted).toHaveLength(0);
  });
});
