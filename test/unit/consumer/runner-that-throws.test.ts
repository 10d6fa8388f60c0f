import { Consumer, type Delivery, type Intake, type MillraceError } from "millrace";
import { VirtualClock } from "millrace/testing";
import { describe, expect, it } from "vitest";

/** A consumer of one message, whose delivery has these methods. */
async function consumeOne(methods: Partial<Delivery<string>>) {
  const clock = new VirtualClock();
  const errors: MillraceError[] = [];
  const settled: string[] = [];
  const run = async (intake: Intake<string>): Promise<void> => {
    await intake.take(1);
    const settle: Delivery["settle"] = ({ kind }) => void settled.push(kind);
    intake.deliver({ message: "a", attempt: 1, receivedAt: new Date(), settle, ...methods });
  };
  const consumer = new Consumer(() => "done", { runner: { run }, concurrency: 1, clock });
  consumer.on("error", (error) => errors.push(error));
  await clock.runUntil(consumer.start());
  await clock.runUntil(() => consumer.state === "stopped");
  return { consumer, errors, settled };
}

describe("a runner whose delivery throws", () => {
  it("in begin fails that message, and its slot is free again", async () => {
    const begin = (): never => {
      throw new Error("no");
    };
    const { consumer, settled } = await consumeOne({ begin });
    expect(settled).toEqual(["retry"]);
    expect(consumer.stats().running).toBe(0);
  });

  it("in settle is told that the acknowledgement is lost", async () => {
    const settle = (): never => {
      throw new Error("no");
    };
    const { errors, consumer } = await consumeOne({ settle });
    expect(errors.map(({ code }) => code)).toEqual(["ACKNOWLEDGEMENT_LOST"]);
    expect(consumer.stats().counters.settlementsLost).toBe(1);
  });

  it("in settle, with undefined or by rejecting, is told the same", async () => {
    const nothing: unknown = undefined;
    const settle = async (): Promise<void> => {
      throw nothing;
    };
    const { errors } = await consumeOne({ settle });
    expect(errors.map(({ code }) => code)).toEqual(["ACKNOWLEDGEMENT_LOST"]);
  });
});
