// Items go out in batches, and each is settled by its own result.
import { type EntryResult, Harvester, type HarvesterOptions } from "millrace";
import { VirtualClock } from "millrace/testing";
import PQueue from "p-queue";
import { beforeEach, describe, expect, test } from "vitest";

const DONE: EntryResult = { status: "done" };

class HarvesterRig {
  readonly clock = new VirtualClock();
  readonly queue: PQueue;
  readonly sent: string[] = [];
  readonly settled: string[] = [];
  readonly harvester: Harvester<string>;
  /** What the source answers to a batch; by default all is done at once. */
  answer: (items: readonly string[]) => Promise<readonly EntryResult[]> | readonly EntryResult[] = (items) =>
    items.map(() => DONE);

  constructor(options: Partial<HarvesterOptions<string>> = {}, concurrency = 5) {
    this.queue = options.queue ?? new PQueue({ concurrency });
    this.harvester = new Harvester({
      send: async (items) => {
        this.sent.push(`${items.join("")} at ${this.clock.now()}`);
        return this.answer(items);
      },
      maxBatchSize: 3,
      maxAgeMs: 100,
      retryUntil: () => Infinity,
      queue: this.queue,
      priority: 0,
      clock: this.clock,
      random: () => 0, // Delays between attempts: 50, 100, 200 ms and so on.
      onSettled: (item, error) => this.settled.push(error === undefined ? item : `${item}: ${error as Error}`),
      ...options,
    });
  }

  readonly #fates: Array<Promise<string>> = [];

  /** Adds one item for each letter. */
  add(letters: string): void {
    for (const letter of letters) {
      const fate = this.harvester.add(letter).then(
        () => `${letter} confirmed at ${this.clock.now()}`,
        (error: unknown) => `${letter} lost at ${this.clock.now()}: ${String(error)}`,
      );
      this.#fates.push(fate);
    }
  }

  /** What has become of each item, once that is so for all. */
  fates(): Promise<string[]> {
    return this.clock.runUntil(Promise.all(this.#fates));
  }

  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.clock.setTimer(resolve, delayMs);
    });
  }
}

const failed = (error: unknown): EntryResult => ({ status: "failed", error });
const refused = (error: unknown): EntryResult => ({ status: "refused", error });
const noAbort = new AbortController().signal;

let rig: HarvesterRig;
beforeEach(() => {
  rig = new HarvesterRig();
});

describe("a batch goes out", () => {
  test("as soon as it is full", async () => {
    rig.add("abcdefg");
    await rig.clock.settle();
    expect(rig.sent).toEqual(["abc at 0", "def at 0"]);
    expect(rig.harvester.pending).toBe(1);
  });

  test("when its first item is old enough, however many came after it", async () => {
    rig.add("a");
    await rig.clock.advance(60);
    rig.add("b");
    await rig.clock.advance(39);
    expect(rig.sent).toEqual([]);
    await rig.clock.advance(1);
    expect(rig.sent).toEqual(["ab at 100"]);
  });

  test("never later because of a full batch that left before it", async () => {
    rig.add("ab");
    await rig.clock.advance(70);
    rig.add("cd");
    await rig.clock.advance(29);
    expect(rig.sent).toEqual(["abc at 70"]);
    await rig.clock.advance(200);
    expect(rig.sent).toEqual(["abc at 70", "d at 170"]);
  });

  test("at the end of the moment with an age of 0, with all that came in it", async () => {
    rig = new HarvesterRig({ maxAgeMs: 0, maxBatchSize: 10 });
    for (const letters of ["a", "b", "cd"]) rig.clock.setTimer(() => rig.add(letters), 5);
    rig.clock.setTimer(() => rig.add("e"), 6);
    await rig.clock.advance(6);
    expect(rig.sent).toEqual(["abcd at 5", "e at 6"]);
  });

  test("when it is flushed", async () => {
    rig.add("ab");
    rig.harvester.flush();
    rig.harvester.flush();
    await rig.clock.advance(500);
    expect(rig.sent).toEqual(["ab at 0"]);
  });

  test("with no more bytes than the source takes, and never empty", async () => {
    rig = new HarvesterRig({ maxBatchSize: 10, maxBatchBytes: 5, bytesOf: (item) => Number(item) });
    rig.add("3392214");
    rig.harvester.flush();
    await rig.fates();
    expect(rig.sent).toEqual(["3 at 0", "3 at 0", "9 at 0", "221 at 0", "4 at 0"]);
  });

  test("with at most so many others, and more as they come back", async () => {
    rig = new HarvesterRig({}, 2);
    let out = 0;
    let mostOut = 0;
    rig.answer = async (items) => {
      mostOut = Math.max(mostOut, (out += 1));
      await rig.pause(10);
      out -= 1;
      return items.map(() => DONE);
    };
    rig.add("abcdefghijklmnopqr");
    await rig.fates();
    expect(mostOut).toBe(2);
    expect(rig.sent.map((batch) => batch.slice(-2))).toEqual([" 0", " 0", "10", "10", "20", "20"]);
  });

  test("before those of a lower priority that share its queue", async () => {
    const queue = new PQueue({ concurrency: 1 });
    const low = new HarvesterRig({ queue, priority: 0, maxBatchSize: 1 });
    const order: string[] = [];
    const answer = async (items: readonly string[]): Promise<EntryResult[]> => {
      order.push(...items);
      await Promise.resolve();
      return items.map(() => DONE);
    };
    low.answer = answer;
    const high = new HarvesterRig({ queue, priority: 1, maxBatchSize: 1 });
    high.answer = answer;
    low.add("abc");
    high.add("XY");
    await Promise.all([low.fates(), high.fates()]);
    expect(order).toEqual(["a", "X", "Y", "b", "c"]);
  });
});

describe("each item is settled", () => {
  test("by its own result, and by no other's", async () => {
    rig = new HarvesterRig({ retryUntil: () => 0 });
    rig.answer = () => [DONE, failed("x"), refused("y")];
    rig.add("abc");
    expect(await rig.fates()).toEqual(["a confirmed at 0", "b lost at 0: x", "c lost at 0: y"]);
    expect(rig.settled).toEqual(["a", "b: x", "c: y"]);
    expect(rig.harvester.pending).toBe(0);
  });

  test("without a promise when it is put in without one", async () => {
    rig = new HarvesterRig({ retryUntil: () => 0 });
    rig.answer = () => [DONE, failed("x")];
    rig.harvester.put("a");
    rig.harvester.put("b");
    await rig.clock.advance(100);
    expect(rig.settled).toEqual(["a", "b: x"]);
  });

  test("as lost when the answer has no result for it", async () => {
    rig = new HarvesterRig({ retryUntil: () => 0 });
    rig.answer = () => [DONE];
    rig.add("abc");
    const [first, second] = await rig.fates();
    expect(first).toBe("a confirmed at 0");
    expect(second).toContain("b lost at 0: MillraceError: The answer to a batch had no result for an entry.");
  });

  test("as lost when there is no answer at all", async () => {
    rig = new HarvesterRig({ retryUntil: () => 0 });
    rig.answer = () => undefined as never;
    rig.add("abc");
    expect(await rig.fates()).toEqual([
      expect.stringMatching(/^a lost/u),
      expect.stringMatching(/^b lost/u),
      expect.stringMatching(/^c lost/u),
    ]);
  });

  test("as failed when the call rejects", async () => {
    rig = new HarvesterRig({ retryUntil: () => 0 });
    rig.answer = () => Promise.reject(new Error("no answer"));
    rig.add("abc");
    expect(await rig.fates()).toEqual([
      "a lost at 0: Error: no answer",
      "b lost at 0: Error: no answer",
      "c lost at 0: Error: no answer",
    ]);
  });

  test("as failed when the call throws at once", async () => {
    rig = new HarvesterRig({
      retryUntil: () => 0,
      send: () => {
        throw new Error("thrown");
      },
    });
    rig.add("abc");
    expect(await rig.fates()).toContain("b lost at 0: Error: thrown");
  });

  test("as failed, with an error of its own, when the call rejects with nothing", async () => {
    rig = new HarvesterRig({ retryUntil: () => 0 });
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- Others' code may reject with anything.
    rig.answer = () => Promise.reject();
    rig.add("abc");
    const [first] = await rig.fates();
    expect(first).toContain("a lost at 0: MillraceError");
  });
});

describe("a failed item is tried again", () => {
  test("alone, after a growing delay, until it succeeds", async () => {
    let attempts = 0;
    rig.answer = (items) => items.map((item) => (item === "b" && (attempts += 1) < 4 ? failed("x") : DONE));
    rig.add("abc");
    const fates = await rig.fates();
    expect(rig.sent).toEqual(["abc at 0", "b at 50", "b at 150", "b at 350"]);
    expect(fates).toEqual(["a confirmed at 0", "b confirmed at 350", "c confirmed at 0"]);
  });

  test("together with others that failed and those that came meanwhile", async () => {
    let isBroken = true;
    rig.answer = (items) => items.map(() => (isBroken ? failed("x") : DONE));
    rig.add("abc");
    await rig.clock.advance(20);
    rig.add("d");
    isBroken = false;
    await rig.fates();
    expect(rig.sent).toEqual(["abc at 0", "abc at 50", "d at 50"]);
  });

  test("only while it is worth it, by what is said at each failure", async () => {
    rig = new HarvesterRig({ retryUntil: (item) => (item === "a" ? 100 : 1_000) });
    rig.answer = (items) => items.map((item) => (item === "c" ? DONE : failed("x")));
    rig.add("abc");
    const fates = await rig.fates();
    expect(fates).toEqual(["a lost at 150: x", "b lost at 1550: x", "c confirmed at 0"]);
    expect(rig.sent).toEqual(["abc at 0", "ab at 50", "ab at 150", "b at 350", "b at 750", "b at 1550"]);
  });

  test("never when it was refused", async () => {
    rig.answer = () => [refused("x"), DONE, DONE];
    rig.add("abc");
    expect(await rig.fates()).toContain("a lost at 0: x");
    expect([rig.sent.length, rig.clock.pendingTimers <= 1]).toEqual([1, true]);
  });

  test("after a short delay again once something has succeeded", async () => {
    let isBroken = true;
    rig.answer = (items) => items.map(() => (isBroken ? failed("x") : DONE));
    rig.add("abc");
    await rig.clock.advance(200);
    isBroken = false;
    await rig.fates();
    isBroken = true;
    const sentBefore = rig.sent.length;
    const startedAt = rig.clock.now();
    rig.add("def");
    await rig.clock.advance(49);
    expect(rig.sent.length).toBe(sentBefore + 1);
    await rig.clock.advance(1);
    expect(rig.sent.at(-1)).toBe(`def at ${startedAt + 50}`);
  });
});

describe("closing", () => {
  test("sends what there is at once, and waits until all is settled", async () => {
    rig.answer = async (items) => {
      await rig.pause(30);
      return items.map(() => DONE);
    };
    rig.add("ab");
    const closed = rig.harvester.close(noAbort);
    await rig.clock.advance(10);
    expect(rig.sent).toEqual(["ab at 0"]);
    expect(rig.settled).toEqual([]);
    await rig.clock.runUntil(closed);
    expect([rig.settled, rig.clock.now(), rig.clock.pendingTimers]).toEqual([["a", "b"], 30, 0]);
  });

  test("tries failed items again", async () => {
    let attempts = 0;
    rig.answer = (items) => items.map(() => ((attempts += 1) < 2 ? failed("x") : DONE));
    rig.add("a");
    await rig.clock.runUntil(rig.harvester.close(noAbort));
    expect(rig.sent).toEqual(["a at 0", "a at 50"]);
  });

  test("resolves at once when there is nothing", async () => {
    await rig.harvester.close(noAbort);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  test("sends what is added later without waiting for more", async () => {
    await rig.harvester.close(noAbort);
    rig.add("a");
    await rig.clock.settle();
    expect(rig.sent).toEqual(["a at 0"]);
    expect(await rig.fates()).toEqual(["a confirmed at 0"]);
  });

  test("waits again for what was added after it", async () => {
    rig.answer = async (items) => {
      await rig.pause(30);
      return items.map(() => DONE);
    };
    rig.add("a");
    await rig.clock.runUntil(rig.harvester.close(noAbort));
    rig.add("b");
    await rig.clock.runUntil(rig.harvester.close(noAbort));
    expect(rig.settled).toEqual(["a", "b"]);
  });

  test("gives up when its signal aborts: what is out, what rests and what is added later", async () => {
    const controller = new AbortController();
    rig.answer = (items) => (items.includes("a") ? new Promise(() => undefined) : items.map(() => failed("x")));
    rig.add("abcdef");
    const closed = rig.harvester.close(controller.signal);
    await rig.clock.advance(10);
    controller.abort("time is over");
    await closed;
    rig.add("g");
    const expected = ["a", "b", "c", "d", "e", "f", "g"].map((item) => `${item} lost at 10: time is over`);
    expect(await rig.fates()).toEqual(expected);
    expect([rig.harvester.pending, rig.clock.pendingTimers]).toEqual([0, 0]);
  });

  test("gives up at once when its signal has aborted before", async () => {
    rig.add("a");
    await rig.harvester.close(AbortSignal.abort("too late"));
    expect(await rig.fates()).toEqual(["a lost at 0: too late"]);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  test("does not settle an item twice whose answer comes after it was given up on", async () => {
    const controller = new AbortController();
    rig.answer = async (items) => {
      await rig.pause(100);
      return items.map(() => DONE);
    };
    rig.add("abc");
    const closed = rig.harvester.close(controller.signal);
    await rig.clock.advance(10);
    controller.abort("time is over");
    await closed;
    await rig.clock.advance(100);
    expect(rig.settled).toEqual(["a: time is over", "b: time is over", "c: time is over"]);
  });
});

describe("what its owner's functions throw does no harm:", () => {
  test("retryUntil: the item is lost", async () => {
    rig = new HarvesterRig({
      retryUntil: () => {
        throw new Error("retryUntil has failed");
      },
    });
    rig.answer = (items) => items.map(() => failed("x"));
    rig.add("abc");
    const fates = await rig.fates();
    expect(fates).toEqual(["a", "b", "c"].map((item) => `${item} lost at 0: Error: retryUntil has failed`));
  });
});
