// What makes a soak fail, each by itself.
import { describe, expect, it } from "vitest";
import type { Rest, Sample, SoakRecord } from "../../../scripts/soak/record.js";
import { judgeSoak } from "../../../scripts/soak/verdict.js";

const MIB = 1_048_576;

/** A soak of ten minutes in which all is well, but for what is changed. */
function createRecord(
  changes: {
    readonly sample?: (index: number) => { readonly consumer?: object; readonly queue?: object };
    readonly rest?: (index: number) => Partial<Rest>;
    readonly record?: Partial<SoakRecord>;
  } = {},
): SoakRecord {
  const samples = Array.from({ length: 120 }, (_, index) => {
    const changed = changes.sample?.(index) ?? {};
    const consumer = {
      memoryBytes: 20 * MIB,
      rssBytes: 120 * MIB,
      running: 5,
      waiting: 0,
      delayP99Ms: 2,
      processorWaitMs: 0,
    };
    const queue = { visible: 3, deleted: index * 1_000 };
    return {
      atSeconds: index * 5,
      consumer: { ...consumer, ...changed.consumer },
      queue: { ...queue, ...changed.queue },
    } as Sample;
  });
  const rests = Array.from({ length: 10 }, (_, index) => ({
    atSeconds: index * 60,
    memoryBytes: 19 * MIB,
    rssBytes: 120 * MIB,
    handles: { PipeWrap: 1 },
    inHand: 0,
    handlersAbandoned: 0,
    ...changes.rest?.(index),
  }));
  return {
    settings: { seconds: 600, perSecond: 200, concurrency: 100, client: "sdk", leakBytes: 0, seed: 1 },
    handlesBefore: { PipeWrap: 1 },
    samples,
    rests,
    account: { sent: 9, deleted: 8, redriven: 1, lost: 0, deletedUnhandled: 0, handledTwice: 3 },
    remaining: 0,
    errors: { THROTTLED: 40 },
    ...changes.record,
  };
}

function failuresOf(record: SoakRecord): string[] {
  return judgeSoak(record)
    .filter(({ isGood }) => !isGood)
    .map(({ what, details }) => `${what}: ${details}`);
}

describe("a soak", () => {
  it("passes when all is well", () => {
    expect(failuresOf(createRecord())).toEqual([]);
  });

  it.each([
    [
      "memory at rest grows",
      { rest: (index: number) => ({ memoryBytes: (19 + index) * MIB }) },
      "memory after a collection, at rest: +4.00 MiB from 5:00 to 9:00, at most +2 MiB",
    ],
    [
      "memory under load grows",
      { sample: (index: number) => ({ consumer: { memoryBytes: (20 + index / 10) * MIB } }) },
      "memory after a collection, under load: +5.90 MiB from 5:00 to 9:55, at most +4 MiB",
    ],
    [
      "resident memory grows",
      { sample: (index: number) => ({ consumer: { rssBytes: (100 + index) * MIB } }) },
      "resident memory: +59.00 MiB from 5:00 to 9:55, at most +32 MiB",
    ],
    [
      "the event loop is later and later",
      { sample: (index: number) => ({ consumer: { delayP99Ms: index } }) },
      "delay of the event loop (p99): +59.00 ms from 5:00 to 9:55, at most +50 ms, in the 99 % of the looks in which it had the processor to itself",
    ],
    [
      "a timer and a socket are left at rest",
      { rest: (index: number) => (index === 4 ? { handles: { PipeWrap: 1, Timeout: 1, TCPSocketWrap: 2 } } : {}) },
      "handles at rest: 1 Timeout at 4:00, and 1 times more",
    ],
    [
      "a message is still in hand at rest",
      { rest: (index: number) => (index === 4 ? { inHand: 2 } : {}) },
      "messages in hand at rest: 2 at 4:00",
    ],
    [
      "more run than there are slots",
      { sample: (index: number) => ({ consumer: { running: index === 7 ? 151 : 100 } }) },
      "messages in hand under load: at most 151 running on 150 slots, 0 waiting",
    ],
    [
      "nothing is finished for half a minute",
      { sample: (index: number) => (index > 50 && index < 60 ? { queue: { deleted: 50_000 } } : {}) },
      "longest standstill with messages in the queue: 45 s, at most 30 s",
    ],
    [
      "a message is left in the queue",
      { record: { remaining: 1 } },
      "messages lost: 0 of 9: 8 deleted, 1 redriven, 1 left in the queue",
    ],
    [
      "the runner has failed",
      { record: { errors: { RUNNER_FAILED: 1 } } },
      "errors that were reported: RUNNER_FAILED 1",
    ],
    [
      "it was too short to be judged",
      { rest: () => ({}), record: { rests: [] } },
      "memory after a collection, at rest: measured too seldom to be judged",
    ],
  ])("fails when %s", (_, changes, failure) => {
    expect(failuresOf(createRecord(changes))).toEqual([failure]);
  });

  it("does not judge the event loop by looks at which others had the processor", () => {
    const sample = (index: number): { consumer: object } => {
      const isBusy = index > 80;
      return { consumer: { delayP99Ms: isBusy ? 500 : 2, processorWaitMs: isBusy ? (index - 80) * 1_000 : 0 } };
    };
    expect(failuresOf(createRecord({ sample }))).toEqual([]);
    const mostly = createRecord({
      sample: (index) => ({ consumer: { delayP99Ms: index, processorWaitMs: index * 500 } }),
    });
    const finding = judgeSoak(mostly).find(({ what }) => what.startsWith("delay"));
    expect(finding?.details).toMatch(/^not judged/);
  });

  it("fails when messages are lost, or deleted before they are handled", () => {
    const account = { sent: 9, deleted: 8, redriven: 0, lost: 1, deletedUnhandled: 2, handledTwice: 0 };
    expect(failuresOf(createRecord({ record: { account } }))).toEqual([
      "messages lost: 1 of 9: 8 deleted, 0 redriven, 0 left in the queue",
      "messages deleted before they were handled: 2; handled twice, which may happen: 0",
    ]);
  });
});
