// Which faults a FIFO queue shows, and which it does not.
import { expect, test } from "vitest";
import { fifoMessage, simulateFifo } from "./simulated-fifo-bench.js";

test("it delivers nothing twice, not even in one receive", async () => {
  const { send, receiveBodies } = await simulateFifo({ faults: { duplicates: 1, duplicatesInOneReceive: 1 } });
  await send("a1", "b1");
  expect(await receiveBodies({ max: 1 })).toBe("a1");
  expect(await receiveBodies()).toBe("b1");
  expect(await receiveBodies()).toBe("");
});

test("groups overtake each other, messages of one do not", async () => {
  const { send, receiveBodies } = await simulateFifo({ faults: { reordering: 0.9 } });
  await send(..."abcdefgh".split("").flatMap((group) => [`${group}1`, `${group}2`]));
  const received: string[] = [];
  for (let call = 0; call < 4; call += 1) received.push(...(await receiveBodies({ max: 4 })).split(" "));
  const groups = received.filter((body) => body.endsWith("1")).map((body) => body.charAt(0));
  expect(groups.toSorted().join("")).toBe("abcdefgh");
  expect(groups.join("")).not.toBe("abcdefgh");
  expect(received).toEqual(groups.flatMap((group) => [`${group}1`, `${group}2`]));
});

test("a receive can bring fewer than there are, in order", async () => {
  const { send, receiveBodies } = await simulateFifo({ faults: { shortReceives: 1 } });
  await send("a1", "a2", "a3", "a4");
  const received = await receiveBodies({ max: 4 });
  expect("a1 a2 a3").toContain(received);
  expect(received).toMatch(/^a1/);
});

test("a delete whose answer was lost succeeds when it is repeated, and the group is free before", async () => {
  const { sqs, send, receive, receiveBodies, remove } = await simulateFifo();
  await send("a1", "a2");
  const [first] = await receive({ max: 1 });
  sqs.faults.lostAnswers = 1;
  await expect(remove(first)).rejects.toMatchObject({ code: "ECONNRESET" });
  sqs.clearFaults();
  expect(await receiveBodies()).toBe("a2");
  await remove(first);
});

test("an entry that fails in a batch delete keeps its group locked", async () => {
  const { sqs, QueueUrl, send, receive, receiveBodies } = await simulateFifo();
  await send("a1", "b1", "a2", "b2");
  const messages = [...(await receive({ max: 1 })), ...(await receive({ max: 1 }))];
  sqs.faults.script = () => ({ kind: "failEntries", positions: [0] });
  const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle }));
  expect((await sqs.deleteMessageBatch({ QueueUrl, Entries })).Failed).toMatchObject([{ Id: "0" }]);
  sqs.clearFaults();
  expect(await receiveBodies()).toBe("b2");
});

test("an entry that fails in a batch send is not remembered: it can be sent again", async () => {
  const { sqs, QueueUrl, send, receiveBodies } = await simulateFifo();
  sqs.faults.script = () => ({ kind: "failEntries", positions: [0] });
  const Entries = ["a1", "a2"].map((body) => ({ Id: body, ...fifoMessage(body) }));
  await sqs.sendMessageBatch({ QueueUrl, Entries });
  sqs.clearFaults();
  await send("a1");
  // The order is that in which the queue accepted them.
  expect(await receiveBodies()).toBe("a2 a1");
});
