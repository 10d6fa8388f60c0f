// Who gets a message when several wait for one, and what is left when nobody waits.
import { SimulatedSqs } from "millrace/testing";
import { describe, expect, test } from "vitest";
import type { SqsPort } from "../../../src/sqs/port.js";
import { bodies, simulate } from "./simulated-sqs-bench.js";

test("a simulated service can be given to millrace as a client", () => {
  const port: SqsPort = new SimulatedSqs();
  expect(port).toBeInstanceOf(SimulatedSqs);
});

test("each message wakes one poll, first come first served", async () => {
  const { clock, sqs, QueueUrl, send } = await simulate();
  const answers: string[] = [];
  const polls = ["first", "second", "third"].map(async (name) => {
    const { Messages = [] } = await sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 20, MaxNumberOfMessages: 10 });
    answers.push(`${name} got ${Messages.map(({ Body }) => Body).join()} at ${clock.now()}`);
  });
  await clock.advance(1_000);
  await send("a");
  await clock.advance(1_000);
  await send("b");
  await clock.runUntil(Promise.all(polls));
  expect(answers).toEqual(["first got a at 1000", "second got b at 2000", "third got  at 20000"]);
});

test("a batch that arrives wakes one poll, which gets as much as it asked for", async () => {
  const { sqs, QueueUrl } = await simulate();
  const polls = [3, 10, 10].map((MaxNumberOfMessages) =>
    sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 20, MaxNumberOfMessages }),
  );
  const Entries = bodies(10).map((MessageBody) => ({ Id: MessageBody, MessageBody }));
  await sqs.sendMessageBatch({ QueueUrl, Entries });
  expect((await polls[0])?.Messages).toHaveLength(3);
  expect((await polls[1])?.Messages).toHaveLength(7);
  expect(sqs.waitingPolls(QueueUrl)).toBe(1);
  sqs.close();
  expect(await polls[2]).toEqual({});
});

test("no timer is kept while nobody waits, whatever is in flight", async () => {
  const { clock, sqs, QueueUrl, send, receive } = await simulate();
  await send(...bodies(20));
  await receive();
  expect(clock.pendingTimers).toBe(0);
  const poll = sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 20, MaxNumberOfMessages: 10 });
  await poll;
  const waiting = sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 20 });
  expect(clock.pendingTimers).toBe(1);
  sqs.close();
  await waiting;
  expect(clock.pendingTimers).toBe(0);
});

describe("aborted polls", () => {
  test("an aborted poll leaves the line", async () => {
    const { clock, sqs, QueueUrl, send, receive } = await simulate();
    const abort = new AbortController();
    const poll = sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 20 }, { abortSignal: abort.signal });
    abort.abort();
    await expect(poll).rejects.toMatchObject({ name: "AbortError" });
    expect(clock.pendingTimers).toBe(0);
    await send("a");
    expect(await receive()).toHaveLength(1);
  });

  test("where AWS's behaviour is switched on, a dead poll swallows a message until its visibility ends", async () => {
    const { clock, sqs, QueueUrl, send, receive } = await simulate({ faults: { abortedPollsSwallowMessages: true } });
    const abort = new AbortController();
    const poll = sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 20 }, { abortSignal: abort.signal });
    abort.abort();
    await expect(poll).rejects.toMatchObject({ name: "AbortError" });
    await clock.advance(300);
    await send("swallowed", "kept");
    expect((await receive()).map(({ Body }) => Body)).toEqual(["kept"]);
    await clock.advance(30_000);
    const again = await receive();
    expect(again.find(({ Body }) => Body === "swallowed")?.Attributes?.["ApproximateReceiveCount"]).toBe("2");
  });

  test("a dead poll swallows nothing once its wait is over", async () => {
    const { clock, sqs, QueueUrl, send, receive } = await simulate({ faults: { abortedPollsSwallowMessages: true } });
    const abort = new AbortController();
    const poll = sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 5 }, { abortSignal: abort.signal });
    abort.abort();
    await expect(poll).rejects.toMatchObject({ name: "AbortError" });
    await clock.advance(5_000);
    await send("a");
    expect(await receive()).toHaveLength(1);
  });

  test("a signal that is aborted already sends no request", async () => {
    const { sqs, QueueUrl } = await simulate();
    const before = sqs.requestCount("ReceiveMessage");
    const poll = sqs.receiveMessage({ QueueUrl }, { abortSignal: AbortSignal.abort() });
    await expect(poll).rejects.toMatchObject({ name: "AbortError" });
    expect(sqs.requestCount("ReceiveMessage")).toBe(before);
  });
});

test("twenty thousand messages are sent, received and deleted in well under two seconds", async () => {
  const { sqs, QueueUrl, receive } = await simulate();
  const startedAt = performance.now();
  for (let batch = 0; batch < 2_000; batch += 1) {
    await sqs.sendMessageBatch({ QueueUrl, Entries: bodies(10).map((Id) => ({ Id, MessageBody: `${batch}-${Id}` })) });
  }
  let deleted = 0;
  for (let messages = await receive(); messages.length > 0; messages = await receive()) {
    const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle }));
    deleted += (await sqs.deleteMessageBatch({ QueueUrl, Entries })).Successful.length;
  }
  expect(deleted).toBe(20_000);
  expect(sqs.counts(QueueUrl)).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});
