import { deadLetter, type Message, type ReceiveMessageInput, retry } from "millrace";
import { describe, expect, it } from "vitest";
import { Gauge, SimulatedQueue } from "../../support/simulated-queue.js";

describe("a FIFO queue", () => {
  it.each([
    ["was lost", Object.assign(new Error("socket hang up"), { code: "ECONNRESET" })],
    ["cannot be read", new SyntaxError("Unexpected end of JSON input")],
  ])("is asked again for what came with an answer that %s, by the same attempt id", async (_name, failure) => {
    const queue = await SimulatedQueue.create({ isFifo: true });
    await queue.sendTo("a1", "a2", "b1");
    const attemptIds: Array<string | undefined> = [];
    const client = queue.portWith({
      receiveMessage: async (input: ReceiveMessageInput, options) => {
        attemptIds.push(input.ReceiveRequestAttemptId);
        const answer = await queue.sqs.receiveMessage(input, options);
        if (attemptIds.length === 1) throw failure;
        return answer;
      },
    });
    const started: string[] = [];
    const consumer = queue.consume(({ Body = "" }: Message) => void started.push(Body), { client });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    expect(queue.clock.now()).toBeLessThan(1_000); // Without it, they would be hidden for 30 s.
    expect(started.toSorted()).toEqual(["a1", "a2", "b1"]);
    expect(attemptIds[1]).toBe(attemptIds[0]);
    expect(attemptIds[2]).not.toBe(attemptIds[1]);
    await queue.clock.runUntil(consumer.stop());
  });

  it("does not go on in a group whose message has a handler that was given up on", async () => {
    const queue = await SimulatedQueue.create({ isFifo: true });
    await queue.sendTo("a1", "a2");
    const started: string[] = [];
    const handler = ({ Body = "" }: Message, { attempt }: { attempt: number }): Promise<void> => {
      started.push(`${Body} #${attempt}`);
      return queue.work(Body === "a1" && attempt === 1 ? 100_000 : 10);
    };
    const consumer = queue.consume(handler, { handlerTimeoutMs: 1_000, abortGraceMs: 0 });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.advance(99_000);
    expect(started).toEqual(["a1 #1"]);
    await queue.clock.runUntil(() => queue.size === 0);
    expect(started.map((entry) => entry.slice(0, 2))).toEqual(["a1", "a1", "a2"]);
    await queue.clock.runUntil(consumer.stop());
  });

  it("lets nothing of one receive overtake a message that a synchronous handler wants again", async () => {
    const queue = await SimulatedQueue.create({ isFifo: true });
    await queue.sendTo("a1", "a2", "a3");
    const started: string[] = [];
    const consumer = queue.consume(({ Body = "" }: Message, { attempt }) => {
      started.push(Body);
      return Body === "a1" && attempt === 1 ? retry() : undefined;
    });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    expect(started).toEqual(["a1", "a1", "a2", "a3"]);
    await queue.clock.runUntil(consumer.stop());
  });

  it("goes on with its groups after a restart, in order", async () => {
    const queue = await SimulatedQueue.create({ isFifo: true });
    await queue.sendTo("a1", "a2", "a3", "a4");
    const ended: string[] = [];
    const consumer = queue.consume(async ({ Body = "" }: Message) => {
      await queue.work(100);
      ended.push(Body);
    });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.advance(150);
    await queue.clock.runUntil(consumer.stop());
    expect(queue.counts).toEqual({ visible: 2, inFlight: 0, delayed: 0 });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    expect(ended).toEqual(["a1", "a2", "a3", "a4"]);
    await queue.clock.runUntil(consumer.stop());
  });

  it("sends dead letters on in their groups, each once, and goes on with the group", async () => {
    const queue = await SimulatedQueue.create({ isFifo: true, maxReceiveCount: 5 });
    await queue.sendTo("a1", "a2");
    const consumer = queue.consume(({ Body }: Message) => (Body === "a1" ? deadLetter("broken") : undefined));
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    const { Messages = [] } = await queue.sqs.receiveMessage({
      QueueUrl: queue.deadLetterUrl,
      MessageSystemAttributeNames: ["All"],
    });
    expect(Messages.map(({ Body, Attributes }) => [Body, Attributes?.["MessageGroupId"]])).toEqual([["a1", "a"]]);
    expect(Messages[0]?.Attributes?.["MessageDeduplicationId"]).toMatch(/^[0-9a-f-]{36}$/u);
    await queue.clock.runUntil(consumer.stop());
  });

  it("keeps leases of messages that wait for their group's turn", async () => {
    const queue = await SimulatedQueue.create({ isFifo: true });
    await queue.sendTo("a1", "a2", "a3");
    const attempts: number[] = [];
    const consumer = queue.consume(async (_message, { attempt }) => {
      attempts.push(attempt);
      await queue.work(50_000);
    });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    expect(attempts).toEqual([1, 1, 1]);
    await queue.clock.runUntil(consumer.stop());
  });

  it("runs one message after the other when it is not told their groups", async () => {
    const queue = await SimulatedQueue.create({ isFifo: true });
    await queue.sendTo("a1", "b1", "c1");
    const client = queue.portWith({
      receiveMessage: async (input, options) => {
        const { Messages = [] } = await queue.sqs.receiveMessage(input, options);
        return { Messages: Messages.map((message) => ({ ...message, Attributes: { ApproximateReceiveCount: "1" } })) };
      },
    });
    const gauge = new Gauge();
    const consumer = queue.consume(() => gauge.during(() => queue.work(100)), { client });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    expect([gauge.started, gauge.most]).toEqual([3, 1]);
    await queue.clock.runUntil(consumer.stop());
  });

  it("does not go on in a group whose dead letter could not be sent: it will come again", async () => {
    const queue = await SimulatedQueue.create({ isFifo: true }); // It has no dead-letter queue.
    await queue.sendTo("a1", "a2", "b1");
    const started: string[] = [];
    const consumer = queue.consume(({ Body = "" }: Message, { attempt }) => {
      started.push(Body);
      return Body === "a1" && attempt === 1 ? deadLetter("broken") : undefined;
    });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    expect(started.filter((body) => body !== "b1")).toEqual(["a1", "a1", "a2"]);
    expect(consumer.reported.map(({ code }) => code)).toEqual(["DEAD_LETTER_QUEUE_UNKNOWN"]);
    await queue.clock.runUntil(consumer.stop());
  });
});
