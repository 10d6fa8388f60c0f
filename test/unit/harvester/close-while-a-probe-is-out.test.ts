// A close while the source was down: what waited for its first answer is sent, whichever comes first.
import { type EntryResult, Harvester } from "millrace";
import { VirtualClock } from "millrace/testing";
import PQueue from "p-queue";
import { expect, it } from "vitest";

it("sends what waits for the answer to the one batch that is out", async () => {
  const clock = new VirtualClock();
  const sent: string[] = [];
  const harvester = new Harvester<string>({
    send: (items) => {
      sent.push(items.join(""));
      if (sent.length === 1) throw new Error("down");
      return new Promise<readonly EntryResult[]>((resolve) => {
        clock.setTimer(() => resolve(items.map(() => ({ status: "done" }))), 1_000);
      });
    },
    maxBatchSize: 10,
    maxAgeMs: 0,
    retryUntil: () => Infinity,
    queue: new PQueue({ concurrency: 5 }),
    priority: 0,
    clock,
    random: () => 0,
  });
  harvester.put("a");
  await clock.advance(100); // It was refused, and is out again.
  expect(sent).toEqual(["a", "a"]);
  harvester.put("b");
  await clock.advance(100);
  await clock.runUntil(harvester.close(new AbortController().signal));
  expect(sent).toEqual(["a", "a", "b"]);
  expect(harvester.pending).toBe(0);
});
