// A source that refuses every batch is asked with one at a time, however many wait.
import { Harvester } from "millrace";
import { VirtualClock } from "millrace/testing";
import PQueue from "p-queue";
import { beforeEach, expect, test } from "vitest";

const clock = { current: new VirtualClock() };
let isDown = true;
let sent: string[] = [];
let settled: string[] = [];
let deadline = Infinity;

function createHarvester(concernsAll?: (error: unknown) => boolean): Harvester<string> {
  return new Harvester<string>({
    send: async (items) => {
      sent.push(`${items.join("")} at ${clock.current.now()}`);
      if (isDown || items.includes("!")) throw new Error("down");
      return items.map(() => ({ status: "done" }));
    },
    maxBatchSize: 2,
    maxAgeMs: 10,
    retryUntil: () => deadline,
    queue: new PQueue({ concurrency: 10 }),
    priority: 0,
    clock: clock.current,
    random: () => 0, // Delays between attempts: 50, 100, 200 ms and so on.
    onSettled: (item, error) => settled.push(error === undefined ? item : `${item} lost at ${clock.current.now()}`),
    ...(concernsAll !== undefined && { concernsAll }),
  });
}

function put(harvester: Harvester<string>, letters: string): void {
  for (const letter of letters) harvester.put(letter);
}

beforeEach(() => {
  clock.current = new VirtualClock();
  isDown = true;
  sent = [];
  settled = [];
  deadline = Infinity;
});

test("while all fails one batch goes out at each attempt, and all the others with the first that is done", async () => {
  const harvester = createHarvester();
  put(harvester, "abcdef");
  await clock.current.advance(40);
  put(harvester, "ghij"); // They are not sent: nothing says that they would fare better.
  await clock.current.advance(200);
  expect(sent).toEqual(["ab at 0", "cd at 0", "ef at 0", "gh at 50", "ij at 150"]);
  isDown = false;
  await clock.current.advance(300);
  expect(sent.slice(5)).toEqual(["ab at 350", "cd at 350", "ef at 350", "gh at 350", "ij at 350"]);
  expect(settled.toSorted().join("")).toBe("abcdefghij");
});

test("a source that is back is asked at once, with one batch, and then with all the others", async () => {
  const harvester = createHarvester();
  put(harvester, "abcdef");
  await clock.current.advance(400); // What failed has rested for 50, 100 and 200 ms, and now rests for 400.
  const before = sent.length;
  isDown = false;
  harvester.sourceIsBack();
  await clock.current.advance(0);
  expect(sent.length).toBe(before + 3);
  expect(settled.toSorted().join("")).toBe("abcdef");
});

test("a source that refuses us though it is back is asked early once, until a batch is done", async () => {
  const harvester = createHarvester();
  put(harvester, "abcdef");
  await clock.current.advance(400);
  const before = sent.length;
  for (let times = 0; times < 5; times += 1) {
    harvester.sourceIsBack();
    await clock.current.advance(1);
  }
  expect(sent.length).toBe(before + 1);
  isDown = false;
  await clock.current.advance(5_000);
  isDown = true;
  put(harvester, "gh");
  await clock.current.advance(1);
  const later = sent.length;
  harvester.sourceIsBack();
  await clock.current.advance(0);
  expect(sent.length).toBe(later + 1);
});

test("a source that was never down has nothing sent before its rest is over", async () => {
  isDown = false;
  const harvester = createHarvester(() => false);
  put(harvester, "!!");
  await clock.current.advance(1);
  harvester.sourceIsBack();
  await clock.current.advance(1);
  expect(sent).toHaveLength(1);
});

test("a batch that fails by itself holds nothing up for longer than one turn", async () => {
  isDown = false;
  const harvester = createHarvester();
  put(harvester, "!!");
  await clock.current.settle();
  put(harvester, "ab");
  await clock.current.advance(60);
  expect(settled).toEqual(["a", "b"]);
});

test("what waits is lost when its time is over, though it is not its turn", async () => {
  const harvester = createHarvester();
  put(harvester, "ab");
  await clock.current.advance(20);
  put(harvester, "cdef");
  deadline = 300;
  await clock.current.advance(1_000);
  expect(settled).toHaveLength(6);
  expect(settled).toContain("f lost at 350");
  expect(harvester.pending).toBe(0);
  expect(clock.current.pendingTimers).toBe(0);
});

test("what is added after the last of them was lost is sent as ever", async () => {
  const harvester = createHarvester();
  deadline = 0;
  put(harvester, "ab");
  await clock.current.advance(20);
  expect(settled).toEqual(["a lost at 0", "b lost at 0"]);
  expect(clock.current.pendingTimers).toBe(0);
  deadline = Infinity;
  isDown = false;
  put(harvester, "cd");
  await clock.current.advance(10);
  expect(settled.slice(2)).toEqual(["c", "d"]);
});

test("those whose time is not over are tried, though the one batch that was out has no more time", async () => {
  const harvester = createHarvester();
  put(harvester, "ab");
  await clock.current.advance(20);
  put(harvester, "cd");
  deadline = 45; // For what is out at the first attempt; then there is more time again.
  await clock.current.advance(35);
  deadline = Infinity;
  isDown = false;
  await clock.current.advance(1_000);
  expect(harvester.pending).toBe(0);
  expect(clock.current.pendingTimers).toBe(0);
});

test("a failure that says nothing of others holds none of them back", async () => {
  const harvester = createHarvester(() => false);
  put(harvester, "ab");
  await clock.current.advance(20);
  put(harvester, "cd");
  await clock.current.settle();
  expect(sent).toEqual(["ab at 0", "cd at 20"]);
});

test("a close asks with everything, once", async () => {
  const harvester = createHarvester();
  put(harvester, "ab");
  await clock.current.advance(20);
  put(harvester, "cdef");
  isDown = false;
  await clock.current.runUntil(harvester.close(new AbortController().signal));
  expect(sent.slice(1).map((batch) => batch.slice(-5))).toEqual(["at 20", "at 20", "at 20"]);
  expect(settled.toSorted().join("")).toBe("abcdef");
});

test("a close leaves no timer behind, though nothing is left to be tried again", async () => {
  const answers: Array<() => void> = [];
  const harvester = new Harvester<string>({
    send: async ([first]) => {
      await new Promise<void>((resolve) => answers.push(resolve));
      if (first === "a") throw new Error("down");
      return [{ status: "done" }];
    },
    maxBatchSize: 1,
    maxAgeMs: 0,
    retryUntil: (item) => (item === "a" ? 0 : Infinity),
    queue: new PQueue({ concurrency: 2 }),
    priority: 0,
    clock: clock.current,
  });
  put(harvester, "abc");
  const closing = harvester.close(new AbortController().signal);
  while (harvester.pending > 0) {
    await clock.current.settle();
    answers.shift()?.();
  }
  await closing;
  expect(clock.current.pendingTimers).toBe(0);
});
