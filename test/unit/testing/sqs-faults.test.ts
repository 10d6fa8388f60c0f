// The faults that can be switched on, one by one.
import { SqsServiceError, type FaultSettings } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { bodies, simulate } from "./simulated-sqs-bench.js";

describe("faults of a request", () => {
  test.each([
    ["throttling", { name: "RequestThrottled", $metadata: { httpStatusCode: 403 } }],
    ["serverErrors", { $fault: "server" }],
    ["connectionResets", { code: "ECONNRESET" }],
  ] as const)("%s fails the request before any work", async (fault, error) => {
    const { sqs, QueueUrl, receive } = await simulate();
    sqs.faults[fault] = 1;
    await expect(sqs.sendMessage({ QueueUrl, MessageBody: "a" })).rejects.toMatchObject(error);
    sqs.clearFaults();
    expect(await receive()).toEqual([]);
  });

  test("a lost answer: the message is in flight, and nobody has it", async () => {
    const { clock, sqs, QueueUrl, send, receive } = await simulate();
    await send("a");
    sqs.faults.lostAnswers = 1;
    await expect(receive()).rejects.toMatchObject({ code: "ECONNRESET" });
    sqs.clearFaults();
    expect(sqs.counts(QueueUrl)).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
    await clock.advance(30_000);
    expect(await receive()).toMatchObject([{ Attributes: { ApproximateReceiveCount: "2" } }]);
  });

  test("a lost answer: the delete was done, and a second one succeeds", async () => {
    const { sqs, QueueUrl, send, receiveOne } = await simulate();
    await send("a");
    const { ReceiptHandle } = await receiveOne();
    sqs.faults.lostAnswers = 1;
    await expect(sqs.deleteMessage({ QueueUrl, ReceiptHandle })).rejects.toMatchObject({ code: "ECONNRESET" });
    sqs.clearFaults();
    expect(sqs.counts(QueueUrl).inFlight).toBe(0);
    await sqs.deleteMessage({ QueueUrl, ReceiptHandle });
    expect(sqs.statistics).toMatchObject({ messagesDeleted: 1, deletesWithoutEffect: 1 });
  });

  test("a request that hangs is ended by an abort only", async () => {
    const { clock, sqs, receive, QueueUrl, send } = await simulate();
    Object.assign(sqs.faults, { hangs: 1, operations: ["ReceiveMessage"] });
    await send("a");
    const abort = new AbortController();
    const poll = sqs.receiveMessage({ QueueUrl }, { abortSignal: abort.signal });
    const outcome = poll.catch((error: unknown) => error);
    await clock.advance(3_600_000);
    abort.abort();
    expect(await outcome).toMatchObject({ name: "AbortError" });
    sqs.clearFaults();
    expect(await receive()).toHaveLength(1);
  });

  test("latency passes on the clock, half before and half after the work", async () => {
    const { clock, sqs, QueueUrl, send } = await simulate();
    sqs.faults.latencyMs = 100;
    const sending = send("a");
    await clock.advance(49);
    expect(sqs.counts(QueueUrl).visible).toBe(0);
    await clock.advance(1);
    expect(sqs.counts(QueueUrl).visible).toBe(1);
    await clock.runUntil(sending);
    expect(clock.now()).toBe(100);
  });

  test("an abort during the answer's way back leaves the message in flight", async () => {
    const { clock, sqs, QueueUrl, send } = await simulate();
    await send("a");
    sqs.faults.latencyMs = 100;
    const abort = new AbortController();
    const outcome = sqs.receiveMessage({ QueueUrl }, { abortSignal: abort.signal }).catch((error: unknown) => error);
    await clock.advance(60);
    abort.abort();
    expect(await outcome).toMatchObject({ name: "AbortError" });
    expect(sqs.counts(QueueUrl).inFlight).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });

  test("a script decides by operation and attempt", async () => {
    const { sqs, QueueUrl, send } = await simulate();
    const denied = new SqsServiceError("AccessDeniedException", "Access to the resource is denied.");
    sqs.faults.script = ({ operation, attempt }) => {
      if (operation === "DeleteQueue") return { kind: "error", error: denied };
      return operation === "SendMessage" && attempt === 2 ? { kind: "throttle" } : undefined;
    };
    await send("a");
    await expect(send("b")).rejects.toMatchObject({ name: "RequestThrottled" });
    await send("c");
    await expect(sqs.deleteQueue({ QueueUrl })).rejects.toBe(denied);
    expect(sqs.statistics).toMatchObject({ messagesSent: 2, faultyRequests: 2 });
  });

  test("chances can be restricted to operations", async () => {
    const { sqs, send, receive } = await simulate({ faults: { throttling: 1, operations: ["ReceiveMessage"] } });
    await send("a");
    await expect(receive()).rejects.toMatchObject({ name: "RequestThrottled" });
    expect(sqs.requestCount("ReceiveMessage")).toBe(1);
  });
});

describe("faults of a batch", () => {
  test("entries fail by chance, and only they", async () => {
    const { sqs, QueueUrl, send, receive } = await simulate();
    await send(...bodies(10));
    const messages = await receive();
    sqs.faults.failedEntries = 0.5;
    const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle }));
    const { Successful, Failed = [] } = await sqs.deleteMessageBatch({ QueueUrl, Entries });
    expect(Failed.length).toBeGreaterThan(0);
    expect(Successful.length + Failed.length).toBe(10);
    expect(sqs.counts(QueueUrl).inFlight).toBe(Failed.length);
    expect(Failed[0]).toMatchObject({ Code: "InternalError", SenderFault: false });
  });

  test("a script names the entries that fail, for good or not", async () => {
    const { sqs, QueueUrl } = await simulate();
    sqs.faults.script = () => ({ kind: "failEntries", positions: [1], senderFault: true });
    const { Successful, Failed } = await sqs.sendMessageBatch({
      QueueUrl,
      Entries: [
        { Id: "a", MessageBody: "a" },
        { Id: "b", MessageBody: "b" },
      ],
    });
    expect(Successful).toMatchObject([{ Id: "a" }]);
    expect(Failed).toMatchObject([{ Id: "b", SenderFault: true }]);
  });
});

describe("faults of delivery", () => {
  test("a message in flight comes again; either handle deletes it", async () => {
    const { sqs, QueueUrl, send, receiveOne } = await simulate({ faults: { duplicates: 1 } });
    await send("a");
    const first = await receiveOne();
    const second = await receiveOne();
    expect(second.MessageId).toBe(first.MessageId);
    expect(second.ReceiptHandle).not.toBe(first.ReceiptHandle);
    await sqs.deleteMessage({ QueueUrl, ReceiptHandle: first.ReceiptHandle });
    expect(sqs.counts(QueueUrl).inFlight).toBe(0);
  });

  test("a deleted message comes again, and stays until it is deleted again", async () => {
    const { sqs, QueueUrl, send, receiveOne, receive } = await simulate({ faults: { duplicates: 1 }, journal: true });
    await send("a");
    const first = await receiveOne();
    await sqs.deleteMessage({ QueueUrl, ReceiptHandle: first.ReceiptHandle });
    const second = await receiveOne();
    expect(second.MessageId).toBe(first.MessageId);
    expect(sqs.counts(QueueUrl).inFlight).toBe(1);
    sqs.clearFaults();
    await sqs.deleteMessage({ QueueUrl, ReceiptHandle: second.ReceiptHandle });
    expect(sqs.counts(QueueUrl).inFlight).toBe(0);
    expect(await receive()).toEqual([]);
    expect(sqs.journal?.of(first.MessageId).map((entry) => entry.kind)).toEqual([
      "sent",
      "received",
      "deleted",
      "received",
      "deleted",
    ]);
  });

  test("a message comes twice in one receive, with two handles", async () => {
    const { send, receive } = await simulate({ faults: { duplicatesInOneReceive: 1 } });
    await send("a");
    const [first, second, ...rest] = await receive();
    expect(rest).toEqual([]);
    expect(second?.MessageId).toBe(first?.MessageId);
    expect(second?.ReceiptHandle).not.toBe(first?.ReceiptHandle);
  });

  test("messages overtake each other", async () => {
    const { send, receive } = await simulate({ faults: { reordering: 0.5 } });
    await send(...bodies(50));
    const order: string[] = [];
    for (let call = 0; call < 5; call += 1) order.push(...(await receive()).map(({ Body }) => Body));
    expect(order).not.toEqual(bodies(50));
    expect(order.toSorted()).toEqual(bodies(50).toSorted());
  });

  test("a short poll comes back empty, a long poll does not", async () => {
    const { sqs, QueueUrl, send, receive } = await simulate({ faults: { emptyShortPolls: 1 } });
    await send("a");
    expect(await receive()).toEqual([]);
    expect((await sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 1 })).Messages).toHaveLength(1);
  });

  test("a receive brings fewer than there are", async () => {
    const { send, receive } = await simulate({ faults: { shortReceives: 1 } });
    await send(...bodies(10));
    const { length } = await receive();
    expect(length).toBeGreaterThan(0);
    expect(length).toBeLessThan(10);
  });

  test("the handle of an earlier receive deletes nothing, unless that is switched on", async () => {
    const { sqs, QueueUrl, send, receiveOne, clock } = await simulate();
    await send("a");
    const { ReceiptHandle } = await receiveOne();
    await clock.advance(30_000);
    await receiveOne();
    await sqs.changeMessageVisibility({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 });
    await sqs.deleteMessage({ QueueUrl, ReceiptHandle });
    expect(sqs.counts(QueueUrl).inFlight).toBe(1);
    sqs.faults.oldReceiptHandlesWork = true;
    await sqs.deleteMessage({ QueueUrl, ReceiptHandle });
    expect(sqs.counts(QueueUrl).inFlight).toBe(0);
  });
});

test("the same seed gives the same faults, another seed others", async () => {
  const faults: Partial<FaultSettings> = { throttling: 0.3, lostAnswers: 0.2, reordering: 0.3, duplicates: 0.2 };
  const play = async (seed: number): Promise<string[]> => {
    const { sqs, receive, QueueUrl } = await simulate({ seed });
    Object.assign(sqs.faults, faults);
    const history: string[] = [];
    for (let call = 0; call < 60; call += 1) {
      const sent = sqs.sendMessage({ QueueUrl, MessageBody: `${call}` });
      await sent.catch((error: unknown) => history.push(String(error)));
      const received = await receive(3).catch((error: unknown) => [{ Body: String(error) }]);
      history.push(received.map(({ Body }) => Body).join());
    }
    return history;
  };
  expect(await play(7)).toEqual(await play(7));
  expect(await play(7)).not.toEqual(await play(8));
});
