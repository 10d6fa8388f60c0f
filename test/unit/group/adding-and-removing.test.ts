// Queues that come, go, change and pause while the others go on.
import { SqsServiceError } from "millrace/testing";
import { describe, expect, it } from "vitest";
import { SimulatedQueues, type TestGroup } from "../../support/simulated-queues.js";

/** A group that runs, with a queue that is never empty. */
async function startBusy(): Promise<{ queues: SimulatedQueues; group: TestGroup }> {
  const queues = new SimulatedQueues();
  const group = queues.consume(() => queues.work(50), { queues: [{ queueUrl: await queues.create("busy", 5_000) }] });
  queues.sqs.faults.latencyMs = 10;
  await queues.clock.runUntil(group.start());
  await queues.clock.advance(1_000);
  return { queues, group };
}

function startedBy(group: TestGroup, queue: string): number {
  return group.stats().queues[queue]?.counters.started ?? 0;
}

describe("add()", () => {
  it("starts the queue at once, and it has its share", async () => {
    const { queues, group } = await startBusy();
    const added: string[] = [];
    group.on("queueAdded", (queue) => added.push(queue));
    const queueUrl = await queues.create("late", 5_000);
    await queues.clock.runUntil(group.add({ queueUrl, weight: 3 }));
    const before = startedBy(group, "busy");
    await queues.clock.advance(10_000);
    expect(startedBy(group, "late") / (startedBy(group, "busy") - before)).toBeCloseTo(3, 0);
    expect([added, group.names]).toEqual([["late"], ["busy", "late"]]);
    await queues.clock.runUntil(group.stop());
  });

  it("before the start, it starts with the group", async () => {
    const queues = new SimulatedQueues();
    const group = queues.consume(() => undefined);
    const queueUrl = await queues.create("a", 1);
    await group.add({ queueUrl });
    expect(queues.size(queueUrl)).toBe(1);
    await queues.clock.runUntil(group.start());
    await queues.clock.advance(100);
    expect(queues.size(queueUrl)).toBe(0);
    await queues.clock.runUntil(group.stop());
  });

  it("rejects for a queue that is not there, and is as if it had not been called", async () => {
    const { queues, group } = await startBusy();
    const adding = group.add({ queueUrl: queues.url("typo") });
    await expect(queues.clock.runUntil(adding)).rejects.toMatchObject({
      code: "QUEUE_NOT_FOUND",
      message: expect.stringMatching(/^Queue "typo": /u) as string,
    });
    expect([group.names, group.state]).toEqual([["busy"], "running"]);
    const before = startedBy(group, "busy");
    await queues.clock.advance(1_000);
    expect(startedBy(group, "busy")).toBeGreaterThan(before + 100);
    // And when it is there, it can be.
    await queues.create("typo", 1);
    await queues.clock.runUntil(group.add({ queueUrl: queues.url("typo") }));
    await queues.clock.runUntil(() => queues.size(queues.url("typo")) === 0);
    await queues.clock.runUntil(group.stop());
  });

  it("rejects what cannot be used, and a name that is taken", async () => {
    const { queues, group } = await startBusy();
    const queueUrl = await queues.create("late");
    await expect(group.add({ queueUrl, weight: 0 })).rejects.toThrow(/Queue "late": Option weight.*got 0/u);
    await expect(group.add({ queueUrl: queues.url("busy") })).rejects.toThrow(/The queue: Option name.*"busy"/u);
    expect(group.names).toEqual(["busy"]);
    await queues.clock.runUntil(group.stop());
  });

  it("is ended by a stop of the group", async () => {
    const { queues, group } = await startBusy();
    const adding = group.add({ queueUrl: await queues.create("late") }).catch((error: unknown) => error);
    const stopped = group.stop();
    expect(await queues.clock.runUntil(adding)).toMatchObject({ code: "STOPPED" });
    await queues.clock.runUntil(stopped);
    expect([group.names, queues.clock.pendingTimers]).toEqual([["busy"], 0]);
  });
});

describe("remove()", () => {
  it("lets running handlers end, gives back the rest, and the others go on", async () => {
    const { queues, group } = await startBusy();
    const queueUrl = await queues.create("late", 5_000);
    await queues.clock.runUntil(group.add({ queueUrl }));
    await queues.clock.advance(2_000);
    const removed: string[] = [];
    group.on("queueRemoved", (queue, { isDrained }) => removed.push(`${queue} ${isDrained}`));
    const result = await queues.clock.runUntil(group.remove("late"));
    expect(result).toMatchObject({ isDrained: true, settlementsLost: 0, handlersAborted: 0 });
    expect(result.messagesReleased).toBeGreaterThan(0);
    expect([removed, group.names, group.get("late")]).toEqual([["late true"], ["busy"], undefined]);
    await queues.clock.advance(100);
    const { visible, inFlight } = queues.sqs.counts(queueUrl);
    expect([visible + group.stats().counters.settled.ack > 0, inFlight]).toEqual([true, 0]);
    const before = startedBy(group, "busy");
    await queues.clock.advance(1_000);
    expect(startedBy(group, "busy")).toBeGreaterThan(before + 150);
    // What it has done still counts.
    const { counters, queues: each } = group.stats();
    expect(counters.started).toBeGreaterThan(each["busy"]?.counters.started ?? Infinity);

    await queues.clock.runUntil(group.add({ queueUrl }));
    expect(group.names).toEqual(["busy", "late"]);
    await queues.clock.runUntil(group.stop());
  });

  it("rejects for a name that is none, and called twice waits for the same", async () => {
    const { queues, group } = await startBusy();
    await expect(group.remove("other")).rejects.toThrow(/name of a queue of the group, got "other"/u);
    const [first, second] = await queues.clock.runUntil(Promise.all([group.remove("busy"), group.remove("busy")]));
    expect(first).toBe(second);
    await expect(group.remove("busy")).rejects.toThrow(/"busy"/u);
    await queues.clock.runUntil(group.stop());
  });

  it("during a stop, and during the start, leaves nothing", async () => {
    const queues = new SimulatedQueues();
    queues.sqs.faults.latencyMs = 100;
    const listed = [{ queueUrl: await queues.create("a") }, { queueUrl: await queues.create("b") }];
    const group = queues.consume(() => undefined, { queues: listed });
    const started = group.start();
    const removed = group.remove("a");
    await queues.clock.runUntil(Promise.all([started, removed]));
    expect([group.state, group.names]).toEqual(["running", ["b"]]);
    const stopped = group.stop();
    await queues.clock.runUntil(Promise.all([stopped, group.remove("b")]));
    expect([group.state, group.names, queues.clock.pendingTimers]).toEqual(["stopped", [], 0]);
  });
});

describe("update()", () => {
  it("changes a weight at once", async () => {
    const { queues, group } = await startBusy();
    await queues.clock.runUntil(group.add({ queueUrl: await queues.create("late", 5_000) }));
    await queues.clock.advance(2_000);
    group.update("late", { weight: 9 });
    expect(group.stats().queues).toMatchObject({ busy: { weight: 1 }, late: { weight: 9 } });
    const [busy, late] = [startedBy(group, "busy"), startedBy(group, "late")];
    await queues.clock.advance(10_000);
    const ratio = (startedBy(group, "late") - late) / (startedBy(group, "busy") - busy);
    expect(ratio).toBeGreaterThan(8);
    expect(ratio).toBeLessThan(10);
    await queues.clock.runUntil(group.stop());
  });

  it("refuses what cannot be used, by the queue's name", async () => {
    const { queues, group } = await startBusy();
    expect(() => group.update("busy", { weight: 0 })).toThrow(/Queue "busy": Option weight/u);
    expect(() => group.update("other", { weight: 1 })).toThrow(/"other"/u);
    expect(group.stats().queues["busy"]?.weight).toBe(1);
    await queues.clock.runUntil(group.stop());
  });
});

describe("pause() and resume()", () => {
  it("of one queue leave the others alone", async () => {
    const { queues, group } = await startBusy();
    await queues.clock.runUntil(group.add({ queueUrl: await queues.create("late", 5_000) }));
    group.pause("late");
    await queues.clock.advance(200);
    const [busy, late] = [startedBy(group, "busy"), startedBy(group, "late")];
    await queues.clock.advance(2_000);
    expect(startedBy(group, "late")).toBe(late);
    // It has all the slots.
    expect(startedBy(group, "busy") - busy).toBeGreaterThan(380);
    expect(group.stats().queues).toMatchObject({ busy: { isPaused: false }, late: { isPaused: true } });
    group.resume("late");
    await queues.clock.advance(1_000);
    expect(startedBy(group, "late")).toBeGreaterThan(late);
    expect(() => group.pause("other")).toThrow(/"other"/u);
    expect(() => group.resume("other")).toThrow(/"other"/u);
    await queues.clock.runUntil(group.stop());
  });

  it("of all hold for a queue that is added meanwhile, and no longer than until a new start", async () => {
    const { queues, group } = await startBusy();
    group.pause();
    await queues.clock.advance(200);
    const queueUrl = await queues.create("late", 10);
    await queues.clock.runUntil(group.add({ queueUrl }));
    const before = group.stats().counters.started;
    await queues.clock.advance(5_000);
    expect(group.stats().counters.started).toBe(before);
    expect(group.stats().queues).toMatchObject({ busy: { isPaused: true }, late: { isPaused: true } });
    group.resume();
    await queues.clock.advance(1_000);
    expect(queues.size(queueUrl)).toBe(0);
    group.pause();
    await queues.clock.runUntil(group.stop());
    await queues.clock.runUntil(group.start());
    expect(group.stats().queues).toMatchObject({ busy: { isPaused: false } });
    await queues.clock.runUntil(group.stop());
  });
});

describe("events", () => {
  it("carry the queue's name, whenever queue and listener came", async () => {
    const { queues, group } = await startBusy();
    const seen = new Set<string>();
    const listener = (_facts: unknown, queue: string): unknown => seen.add(queue);
    group.on("messageStarted", listener);
    await queues.clock.runUntil(group.add({ queueUrl: await queues.create("late", 100) }));
    await queues.clock.advance(1_000);
    expect([...seen].toSorted()).toEqual(["busy", "late"]);
    group.off("messageStarted", listener);
    seen.clear();
    let once = 0;
    group.once("settled", () => (once += 1));
    await queues.clock.advance(1_000);
    expect([seen.size, once]).toEqual([0, 1]);
    await queues.clock.runUntil(group.stop());
  });

  it("tell an error with its queue, and one of a listener without", async () => {
    const { queues, group } = await startBusy();
    group.once("messageStarted", () => {
      throw new Error("a listener");
    });
    await queues.clock.advance(100);
    expect(group.reported.map(([queue, { code }]) => [queue, code])).toEqual([[undefined, "LISTENER_FAILED"]]);
    const error = new SqsServiceError("InternalFailure", "Try again.", { httpStatusCode: 500 });
    queues.sqs.faults.script = () => ({ kind: "error", error });
    await queues.clock.advance(1_000);
    expect(group.reported.slice(1).every(([queue]) => queue === "busy")).toBe(true);
    expect(group.reported.length).toBeGreaterThan(1);
    expect(group.stats().counters.errors).toBe(group.reported.length);
    queues.sqs.clearFaults();
    await queues.clock.runUntil(group.stop());
  });

  it("are in the log with the queue's name", async () => {
    const queues = new SimulatedQueues();
    const lines: string[] = [];
    const write = (line: string): unknown => lines.push(line);
    const logger = { debug: write, info: write, warn: write, error: write };
    const group = queues.consume(() => undefined, { logger, queues: [{ queueUrl: await queues.create("a") }] });
    await queues.clock.runUntil(group.start());
    await queues.clock.runUntil(group.stop());
    expect(lines).toContain("millrace: a: started");
    expect(lines.every((line) => line.startsWith("millrace: a: "))).toBe(true);
  });
});
