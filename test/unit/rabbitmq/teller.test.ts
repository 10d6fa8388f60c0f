// What the broker is told of messages: acknowledgements of one turn together, and never one more than was decided.
import { fc } from "@fast-check/vitest";
import { VirtualClock } from "millrace/testing";
import { beforeEach, describe, expect, test } from "vitest";
import type { AmqpChannel } from "../../../src/rabbitmq/port.js";
import { RabbitDelivery } from "../../../src/rabbitmq/rabbit-delivery.js";
import { Tap } from "../../../src/rabbitmq/tap.js";
import { Teller, type Verdict } from "../../../src/rabbitmq/teller.js";

/** A channel that does what it is told at once, and answers questions when the test says so. */
class RecordingChannel {
  /** The frames, in their order. */
  readonly frames: string[] = [];
  /** What became of messages, by their delivery tags. */
  readonly verdicts = new Map<number, Verdict>();
  readonly #unacknowledged = new Set<number>();
  readonly #answers: Array<() => void> = [];
  isClosed = false;

  deliver(): RabbitDelivery {
    const deliveryTag = this.#unacknowledged.size + this.verdicts.size + 1;
    this.#unacknowledged.add(deliveryTag);
    const fields = { deliveryTag, redelivered: false, exchange: "", routingKey: "queue" };
    const raw = { content: Buffer.alloc(0), fields, properties: {} };
    return new RabbitDelivery({ raw, tap: new Tap("tap", 10), queue: "queue" }, { settle: () => undefined });
  }

  ack({ fields: { deliveryTag } }: RabbitDelivery["raw"], allUpTo = false): void {
    this.#write(`ack ${allUpTo ? "up to " : ""}${deliveryTag}`);
    if (!this.#unacknowledged.has(deliveryTag)) throw new Error(`unknown delivery tag ${deliveryTag}`);
    for (const tag of this.#unacknowledged) {
      if (tag === deliveryTag || (allUpTo && tag < deliveryTag)) this.#settle(tag, "ack");
    }
  }

  nack({ fields: { deliveryTag } }: RabbitDelivery["raw"], allUpTo: boolean, requeue: boolean): void {
    this.#write(`${requeue ? "requeue" : "reject"} ${allUpTo ? "up to " : ""}${deliveryTag}`);
    this.#settle(deliveryTag, requeue ? "requeue" : "reject");
  }

  prefetch(): Promise<unknown> {
    return new Promise<void>((resolve) => this.#answers.push(resolve));
  }

  get questions(): number {
    return this.#answers.length;
  }

  async answer(): Promise<void> {
    for (const answer of this.#answers.splice(0)) answer();
    await nextTurn();
  }

  #settle(tag: number, verdict: Verdict): void {
    if (!this.#unacknowledged.delete(tag)) throw new Error(`unknown delivery tag ${tag}`);
    this.verdicts.set(tag, verdict);
  }

  #write(frame: string): void {
    if (this.isClosed) throw new Error("Channel closed");
    this.frames.push(frame);
  }
}

let clock: VirtualClock;
let channel: RecordingChannel;
let teller: Teller;
let confirmed: number[];

beforeEach(() => {
  clock = new VirtualClock();
  channel = new RecordingChannel();
  confirmed = [];
  teller = new Teller({
    channel: channel as unknown as AmqpChannel,
    clock,
    onConfirmed: ({ raw }) => void confirmed.push(raw.fields.deliveryTag),
  });
});

/** Messages come, with the tags 1, 2, 3 and so on. */
function deliver(count: number): RabbitDelivery[] {
  return Array.from({ length: count }, () => {
    const delivery = channel.deliver();
    teller.add(delivery);
    return delivery;
  });
}

/** Tells the same of several. */
function tell(verdict: Verdict, ...deliveries: ReadonlyArray<RabbitDelivery | undefined>): void {
  for (const delivery of deliveries) teller.tell(delivery as RabbitDelivery, verdict);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function tagsOf(deliveries: readonly RabbitDelivery[]): number[] {
  return deliveries.map(({ raw }) => raw.fields.deliveryTag).toSorted((one, other) => one - other);
}

describe("acknowledgements", () => {
  test("of one turn go as one, whatever their order", async () => {
    const [first, second, third] = deliver(4);
    tell("ack", third, first, second);
    expect(channel.frames).toEqual([]);
    await nextTurn();
    expect(channel.frames).toEqual(["ack up to 3"]);
  });

  test("go together only up to the first message that is not done; those behind it go one by one", async () => {
    const [first, second, third, fourth, fifth] = deliver(5);
    tell("ack", first, second, fourth, fifth);
    await nextTurn();
    expect(channel.frames).toEqual(["ack up to 2", "ack 4", "ack 5"]);
    expect(channel.verdicts.has(3)).toBe(false);
    tell("ack", third);
    await nextTurn();
    expect(channel.frames.slice(3)).toEqual(["ack up to 3"]);
  });

  test("of the next turn are gathered anew", async () => {
    const [first, second] = deliver(2);
    tell("ack", first);
    await nextTurn();
    tell("ack", second);
    await nextTurn();
    expect(channel.frames).toEqual(["ack up to 1", "ack up to 2"]);
  });

  test("do not cover a message that comes before they are written", async () => {
    const [first] = deliver(1);
    tell("ack", first);
    deliver(1);
    await nextTurn();
    expect([...channel.verdicts]).toEqual([[1, "ack"]]);
  });
});

describe("a message that is requeued or rejected", () => {
  test("is so at once, before the acknowledgements of its turn, which leave it out", async () => {
    const [first, second, third, fourth] = deliver(4);
    tell("ack", first);
    tell("reject", second);
    tell("requeue", third);
    tell("ack", fourth);
    expect(channel.frames).toEqual(["reject 2", "requeue 3"]);
    await nextTurn();
    expect(channel.frames.slice(2)).toEqual(["ack up to 4"]);
    expect([...channel.verdicts].toSorted(([one], [other]) => one - other)).toEqual([
      [1, "ack"],
      [2, "reject"],
      [3, "requeue"],
      [4, "ack"],
    ]);
  });

  test("is never the one that acknowledgements go up to: the broker knows it no more", async () => {
    const [first, second] = deliver(2);
    tell("ack", first);
    tell("requeue", second);
    await nextTurn();
    expect(channel.frames).toEqual(["requeue 2", "ack up to 1"]);
  });
});

describe("a confirmation", () => {
  test("comes with the answer to a question that was asked after the acknowledgement", async () => {
    const [first, second] = deliver(2);
    tell("ack", first);
    await nextTurn();
    await clock.advance(0);
    expect(channel.questions).toBe(1);
    tell("reject", second); // Told after the question: the answer says nothing of it.
    expect(confirmed).toEqual([]);
    await channel.answer();
    expect(confirmed).toEqual([1]);
    await clock.advance(1_000);
    await channel.answer();
    expect(confirmed).toEqual([1, 2]);
    expect(clock.pendingTimers).toBe(0);
  });

  test("is not asked for before the acknowledgement is written", async () => {
    const [first] = deliver(1);
    tell("ack", first);
    expect(clock.pendingTimers).toBe(0);
    await nextTurn();
    expect([channel.frames, clock.pendingTimers]).toEqual([["ack up to 1"], 1]);
  });

  test("is given to all when the broker has closed the channel as it was asked to", () => {
    const [first, second] = deliver(2);
    tell("ack", first);
    tell("requeue", second);
    teller.flush();
    teller.confirmAll();
    expect(confirmed.toSorted((one, other) => one - other)).toEqual([1, 2]);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("the channel may be closed", () => {
  test("at once, after acknowledgements that went together, or a few", async () => {
    const deliveries = deliver(1_000);
    tell("ack", ...deliveries);
    await nextTurn();
    expect(teller.restMs).toBe(0);
    tell("requeue", ...deliver(31));
    expect(teller.restMs).toBe(0);
  });

  test("only half a second after many settlements at once: it passes on 32, and gathers the others", async () => {
    const [, ...others] = deliver(40); // The first is not done, so each of the others goes by itself.
    tell("ack", ...others);
    await nextTurn();
    expect(teller.restMs).toBe(500);
    await clock.advance(400);
    tell("reject", ...deliver(1));
    expect(teller.restMs).toBe(100);
    await clock.advance(200);
    expect(teller.restMs).toBe(0);
  });

  test("at once, when as many were written over a longer time", async () => {
    for (const delivery of deliver(100)) {
      tell("requeue", delivery);
      await clock.advance(10);
    }
    expect(teller.restMs).toBe(0);
  });
});

describe("a channel that goes", () => {
  test("before acknowledgements were written: they are unconfirmed, and are not written later", async () => {
    const [first, second] = deliver(3);
    tell("ack", first);
    tell("requeue", second);
    const { unsettled, unconfirmed } = teller.takeAll();
    expect([tagsOf(unsettled), tagsOf(unconfirmed)]).toEqual([[3], [1, 2]]);
    await nextTurn();
    expect(channel.frames).toEqual(["requeue 2"]);
    await clock.advance(1_000);
    expect([channel.questions, clock.pendingTimers]).toEqual([0, 0]);
  });

  test("after they were written: they are unconfirmed, and an answer that comes still confirms nothing", async () => {
    const [first] = deliver(1);
    tell("ack", first);
    await nextTurn();
    await clock.advance(0);
    expect(tagsOf(teller.takeAll().unconfirmed)).toEqual([1]);
    await channel.answer();
    expect(confirmed).toEqual([]);
  });

  test("without a word yet: what cannot be written is unconfirmed, once each, and nothing throws", async () => {
    const [first, second, third] = deliver(4);
    channel.isClosed = true;
    tell("ack", first);
    tell("ack", third);
    tell("reject", second);
    await nextTurn();
    const { unsettled, unconfirmed } = teller.takeAll();
    expect([tagsOf(unsettled), tagsOf(unconfirmed)]).toEqual([[4], [1, 2, 3]]);
    expect(channel.frames).toEqual([]);
  });
});

test("in a random history the broker has of each message exactly what was told of it", async () => {
  const verdict = fc.constantFrom<Verdict>("ack", "ack", "ack", "requeue", "reject");
  const step = fc.record({ comes: fc.nat(3), index: fc.nat(20), verdict, isTurnOver: fc.boolean() });
  const history = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
    channel = new RecordingChannel();
    teller = new Teller({ channel: channel as unknown as AmqpChannel, clock, onConfirmed: () => undefined });
    const here: RabbitDelivery[] = [];
    const told = new Map<number, Verdict>();
    for (const { comes, index, verdict: decided, isTurnOver } of steps) {
      here.push(...deliver(comes));
      const [delivery] = here.splice(index % Math.max(1, here.length), 1);
      if (delivery !== undefined) {
        teller.tell(delivery, decided);
        told.set(delivery.raw.fields.deliveryTag, decided);
      }
      if (isTurnOver) teller.flush();
      for (const [tag, said] of channel.verdicts) expect(said).toBe(told.get(tag));
    }
    teller.flush();
    expect(channel.verdicts.size).toBe(told.size);
    expect(teller.takeAll().unsettled).toEqual(here);
  });
  await fc.assert(history, { numRuns: 300 });
});
