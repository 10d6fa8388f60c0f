// Receiving: short and long polls, who gets a message, how many come at once.
import { expect } from "vitest";
import { api, behaviour, guide, only, refusal, sleep, timed } from "./behaviour.js";

const RECEIVE = api("ReceiveMessage");
const POLLING = guide("sqs-short-and-long-polling");

behaviour("a short poll on an empty queue answers at once", POLLING, async ({ createQueue, receive }) => {
  const queueUrl = await createQueue();
  const { value, ms } = await timed(() => receive(queueUrl));
  expect(value).toEqual([]);
  expect(ms).toBeLessThan(900);
});

behaviour("an empty answer has no Messages", RECEIVE, async ({ sqs, createQueue }) => {
  const QueueUrl = await createQueue();
  expect((await sqs.receiveMessage({ QueueUrl })).Messages).toBeUndefined();
});

behaviour("a long poll on an empty queue answers when its wait is over", POLLING, async ({ createQueue, receive }) => {
  const queueUrl = await createQueue();
  const { value, ms } = await timed(() => receive(queueUrl, { waitSeconds: 1 }));
  expect(value).toEqual([]);
  expect(ms).toBeGreaterThan(950);
  expect(ms).toBeLessThan(2_000);
});

behaviour("a long poll answers as soon as a message is there", POLLING, async ({ createQueue, receive, send }) => {
  const queueUrl = await createQueue();
  const poll = timed(() => receive(queueUrl, { waitSeconds: 10 }));
  await sleep(300);
  await send(queueUrl, "a");
  const { value, ms } = await poll;
  expect(only(value).Body).toBe("a");
  expect(ms).toBeLessThan(1_500);
});

behaviour(
  "a long poll for ten answers with the one message that arrived",
  POLLING,
  async ({ createQueue, receive, send }) => {
    const queueUrl = await createQueue();
    const poll = receive(queueUrl, { waitSeconds: 5 });
    await sleep(300);
    await send(queueUrl, "first");
    await sleep(200);
    await send(queueUrl, "second", "third", "fourth");
    expect(only(await poll).Body).toBe("first");
  },
);

behaviour(
  "the wait of the queue applies when the receive names none",
  guide("sqs-configure-queue-parameters"),
  async ({ sqs, createQueue }) => {
    const QueueUrl = await createQueue({ ReceiveMessageWaitTimeSeconds: "1" });
    const { ms } = await timed(() => sqs.receiveMessage({ QueueUrl }));
    expect(ms).toBeGreaterThan(950);
  },
);

behaviour(
  "one message wakes one of ten pollers; the others wait on",
  POLLING,
  async ({ createQueue, receive, send }) => {
    const queueUrl = await createQueue();
    const polls = Array.from({ length: 10 }, () => timed(() => receive(queueUrl, { waitSeconds: 2 })));
    await sleep(500);
    await send(queueUrl, "a");
    const answers = await Promise.all(polls);
    expect(answers.filter(({ value }) => value.length === 1)).toHaveLength(1);
    const empty = answers.filter(({ value }) => value.length === 0);
    expect(empty).toHaveLength(9);
    for (const { ms } of empty) expect(ms).toBeGreaterThan(1_950);
  },
);

behaviour(
  "a long poll is woken by a visibility timeout that ends",
  guide("sqs-visibility-timeout"),
  async ({ createQueue, receive, send }) => {
    const queueUrl = await createQueue({ VisibilityTimeout: "1" });
    await send(queueUrl, "a");
    only(await receive(queueUrl));
    const { value, ms } = await timed(() => receive(queueUrl, { waitSeconds: 5 }));
    expect(only(value).Body).toBe("a");
    expect(ms).toBeLessThan(3_000);
  },
);

behaviour(
  "a long poll is woken by a delayed message that becomes visible",
  guide("sqs-message-timers"),
  async ({ sqs, createQueue, receive }) => {
    const QueueUrl = await createQueue();
    await sqs.sendMessage({ QueueUrl, MessageBody: "a", DelaySeconds: 1 });
    const { value, ms } = await timed(() => receive(QueueUrl, { waitSeconds: 5 }));
    expect(only(value).Body).toBe("a");
    expect(ms).toBeGreaterThan(800);
    expect(ms).toBeLessThan(3_000);
  },
);

behaviour("at most ten of 25 messages come at once", RECEIVE, async ({ createQueue, receive, send }) => {
  const queueUrl = await createQueue();
  await send(queueUrl, ...Array.from({ length: 25 }, (_, index) => `${index}`));
  const messages = await receive(queueUrl, { max: 10 });
  expect(messages.length).toBeGreaterThan(0);
  expect(messages.length).toBeLessThanOrEqual(10);
});

behaviour("one message comes when no number is asked for", RECEIVE, async ({ sqs, createQueue, send }) => {
  const QueueUrl = await createQueue();
  await send(QueueUrl, "a", "b");
  expect((await sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 1 })).Messages).toHaveLength(1);
});

behaviour(
  "all of 25 messages come, each once, in several receives",
  RECEIVE,
  async ({ createQueue, receive, send }) => {
    const queueUrl = await createQueue();
    const bodies = Array.from({ length: 25 }, (_, index) => `${index}`);
    await send(queueUrl, ...bodies);
    const received = new Set<string | undefined>();
    for (let call = 0; call < 25 && received.size < 25; call += 1) {
      for (const { Body } of await receive(queueUrl, { waitSeconds: 1 })) received.add(Body);
    }
    expect([...received].map(Number).toSorted((a, b) => a - b)).toEqual(bodies.map(Number));
  },
);

for (const [waitSeconds, shown] of [
  [21, "21"],
  [-1, "-1"],
] as const) {
  behaviour(`a wait of ${shown} s is refused`, RECEIVE, async ({ createQueue, receive }) => {
    const queueUrl = await createQueue();
    expect(await refusal(receive(queueUrl, { waitSeconds }))).toMatchObject({
      code: "InvalidParameterValue",
      httpStatusCode: 400,
      message: `Value ${shown} for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.`,
    });
  });
}

for (const max of [0, 11]) {
  behaviour(`a receive of ${max} messages is refused`, RECEIVE, async ({ createQueue, receive }) => {
    const queueUrl = await createQueue();
    expect(await refusal(receive(queueUrl, { max }))).toMatchObject({
      code: "InvalidParameterValue",
      httpStatusCode: 400,
      message: `Value ${max} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.`,
    });
  });
}
