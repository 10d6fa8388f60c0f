// ReceiveRequestAttemptId: asking again for what a receive brought whose answer was lost.
import { describe, expect, test } from "vitest";
import { simulateFifo, toBodies } from "./simulated-fifo-bench.js";

const refused = {
  name: "InvalidParameterValue",
  message: /ReceiveRequestAttemptId is invalid\. Reason: .* since the receive call is not retryable\.$/,
};

test("a lost answer locks the group, until the receive is repeated with its attempt id", async () => {
  const { sqs, send, receive, receiveBodies } = await simulateFifo();
  await send("a1", "a2", "b1");
  sqs.faults.script = ({ attempt }) => (attempt === 1 ? { kind: "lostAnswer" } : undefined);
  await expect(receive({ max: 2, attempt: "x" })).rejects.toMatchObject({ code: "ECONNRESET" });
  expect(await receiveBodies({ attempt: "y" })).toBe("b1");
  expect(await receiveBodies({ max: 2, attempt: "x" })).toBe("a1 a2");
});

test("without an attempt id, a lost answer locks the group until its visibility ends", async () => {
  const { clock, sqs, send, receive, receiveBodies } = await simulateFifo();
  await send("a1", "a2");
  sqs.faults.lostAnswers = 1;
  await expect(receive({ max: 1 })).rejects.toMatchObject({ code: "ECONNRESET" });
  sqs.clearFaults();
  const poll = receiveBodies({ waitSeconds: 20 });
  await clock.advance(20_000);
  expect(await poll).toBe("");
  const next = receiveBodies({ waitSeconds: 20 });
  await clock.advance(10_000);
  expect(await next).toBe("a1 a2");
});

test("a repeated receive gives the same handles and counts, and hides the messages anew", async () => {
  const { clock, send, receive, receiveBodies, remove } = await simulateFifo();
  await send("a1", "a2", "a3");
  const first = await receive({ max: 2, attempt: "x" });
  await clock.advance(20_000);
  const second = await receive({ max: 10, attempt: "x" });
  expect(second).toEqual(first);
  await clock.advance(29_999);
  await remove(...second);
  expect(await receiveBodies()).toBe("a3");
});

test("a repeated receive with a shorter visibility wakes a long poll sooner", async () => {
  const { clock, send, receive, receiveBodies } = await simulateFifo();
  await send("a1");
  await receive({ attempt: "x" });
  const poll = receiveBodies({ waitSeconds: 20 });
  await receive({ attempt: "x", visibilitySeconds: 5 });
  await clock.advance(5_000);
  expect(await poll).toBe("a1");
});

test("a repeated receive without visibility wakes a long poll at once", async () => {
  const { send, receive, receiveBodies } = await simulateFifo();
  await send("a1");
  await receive({ attempt: "x" });
  const poll = receiveBodies({ waitSeconds: 20 });
  await receive({ attempt: "x", visibilitySeconds: 0 });
  expect(await poll).toBe("a1");
});

test("the journal tells a repeated receive from others", async () => {
  const { sqs, send, receive } = await simulateFifo({ journal: true });
  const [id = ""] = await send("a1");
  await receive({ attempt: "x" });
  await receive({ attempt: "x" });
  expect(sqs.journal?.of(id)).toMatchObject([
    { kind: "sent" },
    { kind: "received", receiveCount: 1 },
    { kind: "received", receiveCount: 1, duplicateOf: "sameAttempt" },
  ]);
});

test("a long poll that was aborted has its messages brought by its attempt id", async () => {
  const { clock, sqs, QueueUrl, send, receiveBodies } = await simulateFifo({
    faults: { abortedPollsSwallowMessages: true },
  });
  const abort = new AbortController();
  const poll = sqs.receiveMessage(
    { QueueUrl, WaitTimeSeconds: 20, ReceiveRequestAttemptId: "x" },
    { abortSignal: abort.signal },
  );
  abort.abort();
  await expect(poll).rejects.toMatchObject({ name: "AbortError" });
  await send("a1", "a2");
  await clock.settle();
  expect(await receiveBodies()).toBe("");
  expect(await receiveBodies({ attempt: "x" })).toBe("a1");
});

describe("a receive cannot be repeated", () => {
  test("once one of its messages was deleted", async () => {
    const { send, receive, remove } = await simulateFifo();
    await send("a1", "a2");
    const [first] = await receive({ attempt: "x" });
    await remove(first);
    await expect(receive({ attempt: "x" })).rejects.toMatchObject(refused);
  });

  test("once the visibility of one was changed", async () => {
    const { send, receive, hide } = await simulateFifo();
    await send("a1", "a2");
    const [, second] = await receive({ attempt: "x" });
    await hide(second, 60);
    await expect(receive({ attempt: "x" })).rejects.toMatchObject(refused);
  });

  test("when it was throttled", async () => {
    const { sqs, send, receive, receiveBodies } = await simulateFifo();
    await send("a1");
    sqs.faults.throttling = 1;
    await expect(receive({ attempt: "x" })).rejects.toMatchObject({ name: "RequestThrottled" });
    sqs.clearFaults();
    await expect(receive({ attempt: "x" })).rejects.toMatchObject(refused);
    expect(await receiveBodies({ attempt: "y" })).toBe("a1");
  });

  test("after five minutes: the id then counts as new", async () => {
    const { clock, send, receive, receiveBodies } = await simulateFifo({}, { VisibilityTimeout: "3600" });
    await send("a1", "b1");
    await receive({ max: 1, attempt: "x" });
    await clock.advance(299_999);
    expect(await receiveBodies({ max: 1, attempt: "x" })).toBe("a1");
    await clock.advance(1);
    expect(await receiveBodies({ max: 1, attempt: "x" })).toBe("b1");
  });

  test("after its messages became visible: they are received anew, with new handles", async () => {
    const { clock, send, receive } = await simulateFifo();
    await send("a1");
    const [first] = await receive({ attempt: "x" });
    await clock.advance(30_000);
    const [second] = await receive({ attempt: "x" });
    expect(second?.ReceiptHandle).not.toBe(first?.ReceiptHandle);
    expect(second?.Attributes?.["ApproximateReceiveCount"]).toBe("2");
  });

  test("when it brought nothing: what has come since is received", async () => {
    const { send, receiveBodies } = await simulateFifo();
    expect(await receiveBodies({ attempt: "x" })).toBe("");
    await send("a1");
    expect(await receiveBodies({ attempt: "x" })).toBe("a1");
  });
});

test.each(["y", undefined])(
  "what went out again with the attempt id %s is not brought by the first",
  async (attempt) => {
    const { clock, send, receive, receiveBodies } = await simulateFifo();
    await send("a1", "b1");
    await receive({ max: 1, attempt: "x" });
    await clock.advance(30_000);
    expect(toBodies(await receive({ attempt }))).toBe("b1 a1");
    expect(await receiveBodies({ attempt: "x" })).toBe("");
  },
);

test("an attempt id of more than 128 characters is refused", async () => {
  const { receive } = await simulateFifo();
  await expect(receive({ attempt: "x".repeat(129) })).rejects.toMatchObject({ name: "InvalidParameterValue" });
});
