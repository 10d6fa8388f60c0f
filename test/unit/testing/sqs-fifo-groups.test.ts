// Groups of a FIFO queue: what a message in flight locks, in which order messages come, and come again.
import { describe, expect, test } from "vitest";
import { fifoMessage, simulateFifo, toBodies } from "./simulated-fifo-bench.js";

describe("order", () => {
  test("a receive brings as many of one group as it can, then those of the next", async () => {
    const { send, receiveBodies } = await simulateFifo();
    await send("a1", "b1", "a2", "b2", "a3", "c1");
    expect(await receiveBodies({ max: 4 })).toBe("a1 a2 a3 b1");
  });

  test("a group that is locked does not keep others from being received", async () => {
    const { send, receiveBodies } = await simulateFifo();
    await send("a1", "a2", "b1");
    expect(await receiveBodies({ max: 1 })).toBe("a1");
    expect(await receiveBodies()).toBe("b1");
    expect(await receiveBodies()).toBe("");
  });

  test("a group is free when all that were received are deleted, not before", async () => {
    const { send, receive, receiveBodies, remove } = await simulateFifo();
    await send("a1", "a2", "a3");
    const [first, second] = await receive({ max: 2 });
    await remove(first);
    expect(await receiveBodies()).toBe("");
    await remove(second);
    expect(await receiveBodies()).toBe("a3");
  });

  test("what came late to a locked group waits behind it", async () => {
    const { send, receiveBodies } = await simulateFifo();
    await send("a1");
    await receiveBodies();
    await send("a2");
    expect(await receiveBodies()).toBe("");
  });

  test("a hundred messages of three groups come in order in each, whatever is deleted when", async () => {
    const { send, receive, remove } = await simulateFifo();
    const sent = Array.from({ length: 99 }, (_, index) => `${"abc".charAt(index % 3)}${index}`);
    await send(...sent);
    const received: string[] = [];
    for (let messages = await receive({ max: 7 }); messages.length > 0; messages = await receive({ max: 7 })) {
      received.push(...messages.map(({ Body }) => Body));
      await remove(...messages.toReversed());
    }
    const ofGroup = (bodies: readonly string[], group: string): string[] => bodies.filter((body) => body[0] === group);
    for (const group of "abc") expect(ofGroup(received, group)).toEqual(ofGroup(sent, group));
    expect(received).toHaveLength(99);
  });
});

describe("what comes again", () => {
  test("a group comes again in order when its visibility has ended", async () => {
    const { clock, send, receiveBodies } = await simulateFifo();
    await send("a1", "a2", "a3");
    await receiveBodies({ max: 2 });
    await clock.advance(30_000);
    expect(await receiveBodies()).toBe("a1 a2 a3");
  });

  test("messages given back in any order come again in theirs", async () => {
    const { send, receive, receiveBodies, hide } = await simulateFifo();
    await send("a1", "a2", "a3", "a4");
    const [first, second, third] = await receive({ max: 3 });
    for (const message of [third, first, second]) await hide(message, 0);
    expect(await receiveBodies()).toBe("a1 a2 a3 a4");
  });

  test("the first of two that is given back comes alone while the second is in flight", async () => {
    const { send, receive, receiveBodies, hide } = await simulateFifo();
    await send("a1", "a2", "a3");
    const [first] = await receive({ max: 2 });
    await hide(first, 0);
    expect(await receiveBodies()).toBe("a1");
  });

  test("the second of two that is given back waits for the first", async () => {
    const { send, receive, receiveBodies, hide, remove } = await simulateFifo();
    await send("a1", "a2", "a3");
    const [first, second] = await receive({ max: 2 });
    await hide(second, 0);
    expect(await receiveBodies()).toBe("");
    await remove(first);
    expect(await receiveBodies()).toBe("a2 a3");
  });

  test("a receive without visibility locks nothing", async () => {
    const { send, receiveBodies } = await simulateFifo();
    await send("a1", "b1", "b2", "c1", "a2");
    expect(await receiveBodies({ max: 3, visibilitySeconds: 0 })).toBe("a1 a2 b1");
    expect(await receiveBodies({ visibilitySeconds: 0 })).toBe("c1 a1 a2 b1 b2");
  });

  test("a message that expires unlocks its group", async () => {
    const { clock, send, receiveBodies } = await simulateFifo(
      {},
      { MessageRetentionPeriod: "60", VisibilityTimeout: "600" },
    );
    await send("a1");
    await receiveBodies();
    await clock.advance(30_000);
    await send("a2");
    await clock.advance(30_000);
    expect(await receiveBodies()).toBe("a2");
  });
});

describe("receipt handles", () => {
  const expired = { name: "InvalidParameterValue", message: /The receipt handle has expired\.$/ };

  test("a delete after the visibility has ended is refused, and the message stays", async () => {
    const { clock, send, receive, receiveBodies, remove } = await simulateFifo();
    await send("a1");
    const [message] = await receive();
    await clock.advance(30_000);
    await expect(remove(message)).rejects.toMatchObject(expired);
    expect(await receiveBodies()).toBe("a1");
  });

  test("a delete with the handle of an earlier receive is refused, whatever the faults say", async () => {
    const { clock, send, receive, remove } = await simulateFifo({ faults: { oldReceiptHandlesWork: true } });
    await send("a1");
    const [old] = await receive();
    await clock.advance(30_000);
    const [current] = await receive();
    await expect(remove(old)).rejects.toMatchObject(expired);
    await remove(current);
  });

  test("a visibility change with an expired handle is refused, alone and in a batch", async () => {
    const { clock, sqs, QueueUrl, send, receive, receiveBodies, hide } = await simulateFifo();
    await send("a1");
    const [message] = await receive();
    await clock.advance(30_000);
    const reason = /Message does not exist or is not available for visibility timeout change\.$/;
    await expect(hide(message, 60)).rejects.toMatchObject({ name: "InvalidParameterValue", message: reason });
    const Entries = [{ Id: "old", ReceiptHandle: message?.ReceiptHandle, VisibilityTimeout: 60 }];
    const { Failed } = await sqs.changeMessageVisibilityBatch({ QueueUrl, Entries });
    expect(Failed).toMatchObject([{ Id: "old", Code: "InvalidParameterValue", SenderFault: true }]);
    expect(await receiveBodies()).toBe("a1");
  });

  test("in a batch an expired handle fails alone, as ReceiptHandleIsInvalid", async () => {
    const { clock, sqs, QueueUrl, send, receive } = await simulateFifo();
    await send("a1", "b1");
    const [expiring] = await receive({ max: 1 });
    await clock.advance(20_000);
    const [current] = await receive({ max: 1 });
    await clock.advance(10_000);
    const output = await sqs.deleteMessageBatch({
      QueueUrl,
      Entries: [
        { Id: "old", ReceiptHandle: expiring?.ReceiptHandle },
        { Id: "current", ReceiptHandle: current?.ReceiptHandle },
      ],
    });
    expect(output).toEqual({
      Successful: [{ Id: "current" }],
      Failed: [
        { Id: "old", Code: "ReceiptHandleIsInvalid", Message: "The receipt handle has expired", SenderFault: true },
      ],
    });
  });

  test("handles of different receives and groups are deleted in one batch", async () => {
    const { sqs, QueueUrl, send, receive } = await simulateFifo();
    await send("a1", "b1");
    const messages = [...(await receive({ max: 1 })), ...(await receive({ max: 1 }))];
    const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle }));
    expect((await sqs.deleteMessageBatch({ QueueUrl, Entries })).Successful).toHaveLength(2);
    expect(sqs.counts(QueueUrl)).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  test("deleting twice succeeds", async () => {
    const { sqs, send, receive, remove } = await simulateFifo();
    await send("a1");
    const [message] = await receive();
    await remove(message, message);
    expect(sqs.statistics).toMatchObject({ messagesDeleted: 1, deletesWithoutEffect: 1 });
  });
});

describe("long polls", () => {
  test("of three polls one gets both messages of a group; the next waits for their deletes", async () => {
    const { clock, sqs, QueueUrl, receive, remove, send } = await simulateFifo();
    const answers: string[] = [];
    const polls = ["first", "second", "third"].map(async (name) => {
      const messages = await receive({ max: 10, waitSeconds: 20 });
      answers.push(`${name}: ${toBodies(messages)}`);
      return messages;
    });
    const Entries = ["a1", "a2"].map((body) => ({ Id: body, ...fifoMessage(body) }));
    await sqs.sendMessageBatch({ QueueUrl, Entries });
    const [first, second] = (await polls[0]) ?? [];
    await send("a3");
    await remove(first);
    await clock.settle();
    expect(answers).toEqual(["first: a1 a2"]);
    await remove(second);
    await clock.runUntil(Promise.all(polls));
    expect(answers).toEqual(["first: a1 a2", "second: a3", "third: "]);
  });

  test("a poll is not woken by what has to wait, but by the message in front", async () => {
    const { sqs, QueueUrl, send, receive, hide, receiveBodies } = await simulateFifo();
    await send("a1", "a2");
    const [first, second] = await receive();
    const poll = receiveBodies({ waitSeconds: 20 });
    await hide(second, 0);
    expect(sqs.waitingPolls(QueueUrl)).toBe(1);
    await hide(first, 0);
    expect(await poll).toBe("a1 a2");
  });
});

test("at the limit in flight a FIFO queue answers with nothing, not with an error", async () => {
  const { send, receive, receiveBodies, remove } = await simulateFifo({ mostInFlight: 2 });
  await send("a1", "b1", "c1");
  const [first] = await receive();
  expect(await receiveBodies()).toBe("");
  await remove(first);
  expect(await receiveBodies()).toBe("c1");
});
