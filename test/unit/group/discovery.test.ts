// Queues that are looked for by the beginning of their names.
import { type DiscoverOptions, type MillraceError, PoolWorker } from "millrace";
import { SqsServiceError } from "millrace/testing";
import { describe, expect, it } from "vitest";
import { SimulatedQueues, type TestGroup } from "../../support/simulated-queues.js";

const MINUTE_MS = 60_000;

function discover(queues: SimulatedQueues, options: Partial<DiscoverOptions> = {}): TestGroup {
  return queues.consume(() => undefined, { discover: { queueNamePrefix: "orders-", ...options } });
}

function lists(queues: SimulatedQueues): number {
  return queues.sqs.requestCount("ListQueues");
}

describe("discover", () => {
  it("finds what is there at the start, and what comes later, FIFO queues too", async () => {
    const queues = new SimulatedQueues();
    for (const name of ["orders-1", "orders-2.fifo", "invoices"]) await queues.create(name);
    const group = discover(queues);
    await queues.clock.runUntil(group.start());
    expect(group.names.toSorted()).toEqual(["orders-1", "orders-2.fifo"]);
    const later = await queues.create("orders-3", 5);
    await queues.clock.advance(MINUTE_MS - 1_000);
    expect(queues.size(later)).toBe(5);
    await queues.clock.advance(2_000);
    expect([queues.size(later), group.names.length]).toEqual([0, 3]);
    expect(lists(queues)).toBe(2);
    await queues.clock.runUntil(group.stop());
    expect(queues.clock.pendingTimers).toBe(0);
    await queues.clock.advance(10 * MINUTE_MS);
    expect([lists(queues), group.reported]).toEqual([2, []]);
  });

  it("says so once where nothing is found: the prefix may be misspelt", async () => {
    const queues = new SimulatedQueues();
    const warnings: string[] = [];
    const note = (): void => undefined;
    const logger = { debug: note, info: note, warn: (text: string) => warnings.push(text), error: note };
    const group = queues.consume(() => undefined, { logger, discover: { queueNamePrefix: "ordres-" } });
    await queues.clock.runUntil(group.start());
    await queues.clock.advance(5 * MINUTE_MS);
    expect(warnings).toEqual(["millrace: no queue has a name that begins with ordres-, so far"]);
    await queues.clock.runUntil(group.stop());
  });

  it("reads every page of the list", async () => {
    const queues = new SimulatedQueues();
    for (let number = 0; number < 1_010; number += 1) await queues.create(`orders-${number}`);
    let seen = 0;
    const group = discover(queues, {
      queue: () => {
        seen += 1;
        return undefined;
      },
    });
    await queues.clock.runUntil(group.start());
    expect([seen, lists(queues)]).toEqual([1_010, 2]);
    await queues.clock.runUntil(group.stop());
  });

  it("takes for each queue what its function says, and leaves out what it says nothing of", async () => {
    const queues = new SimulatedQueues();
    for (const name of ["orders-high", "orders-low", "orders-dead"]) await queues.create(name, 1);
    const group = discover(queues, {
      everySeconds: 10,
      queue: (queueUrl) => {
        if (queueUrl.endsWith("dead")) return undefined;
        return { weight: queueUrl.endsWith("high") ? 8 : 1 };
      },
    });
    await queues.clock.runUntil(group.start());
    await queues.clock.advance(30_000);
    expect(group.stats().queues).toMatchObject({ "orders-high": { weight: 8 }, "orders-low": { weight: 1 } });
    expect([queues.size(queues.url("orders-dead")), group.names.length]).toEqual([1, 2]);
    await queues.clock.runUntil(group.stop());
  });

  it("removes a queue that was missing twice, and adds it when it is back", async () => {
    const queues = new SimulatedQueues();
    const QueueUrl = await queues.create("orders-1");
    const group = discover(queues);
    const changes: string[] = [];
    group.on("queueAdded", (queue) => changes.push(`${queue} added`));
    group.on("queueRemoved", (queue) => changes.push(`${queue} removed`));
    await queues.clock.runUntil(group.start());
    await queues.sqs.deleteQueue({ QueueUrl });
    await queues.clock.advance(MINUTE_MS + 30_000);
    expect(group.names).toEqual(["orders-1"]);
    await queues.clock.advance(MINUTE_MS);
    expect(group.names).toEqual([]);
    await queues.create("orders-1");
    await queues.clock.advance(2 * MINUTE_MS);
    expect(changes).toEqual(["orders-1 added", "orders-1 removed", "orders-1 added"]);
    await queues.clock.runUntil(group.stop());
  });

  it("leaves alone what is listed, and what was removed by hand", async () => {
    const queues = new SimulatedQueues();
    const listed = await queues.create("orders-listed");
    await queues.create("orders-found");
    const group = queues.consume(() => undefined, {
      queues: [{ queueUrl: listed, weight: 5, name: "mine" }],
      discover: { queueNamePrefix: "orders-", everySeconds: 10 },
    });
    await queues.clock.runUntil(group.start());
    expect(group.names.toSorted()).toEqual(["mine", "orders-found"]);
    await queues.clock.runUntil(group.remove("orders-found"));
    await queues.sqs.deleteQueue({ QueueUrl: listed });
    await queues.clock.advance(MINUTE_MS);
    expect(group.names).toEqual(["mine"]);
    await queues.clock.runUntil(group.stop());

    // A start looks for them anew.
    await queues.clock.advance(MINUTE_MS);
    await queues.create("orders-listed");
    await queues.clock.runUntil(group.start());
    expect(group.names.toSorted()).toEqual(["mine", "orders-found"]);
    await queues.clock.runUntil(group.stop());
  });

  it("reports a look that fails and looks again, sooner at first; the queues go on", async () => {
    const queues = new SimulatedQueues();
    const there = await queues.create("orders-1");
    const group = discover(queues);
    await queues.clock.runUntil(group.start());
    const error = new SqsServiceError("InternalFailure", "Try again.", { httpStatusCode: 500 });
    queues.sqs.faults.script = ({ operation }) => (operation === "ListQueues" ? { kind: "error", error } : undefined);
    await queues.send(there, 3);
    await queues.clock.advance(MINUTE_MS + 20_000);
    expect(group.reported.length).toBeGreaterThan(2);
    expect(group.reported[0]).toEqual([undefined, expect.objectContaining({ operation: "ListQueues" })]);
    expect([queues.size(there), group.names]).toEqual([0, ["orders-1"]]);
    queues.sqs.clearFaults();
    await queues.create("orders-2");
    await queues.clock.advance(MINUTE_MS);
    expect(group.names).toEqual(["orders-1", "orders-2"]);
    await queues.clock.runUntil(group.stop());
  });

  it("gives up a look that is not answered", async () => {
    const queues = new SimulatedQueues();
    await queues.create("orders-1");
    queues.sqs.faults.script = ({ operation }) => (operation === "ListQueues" ? { kind: "hang" } : undefined);
    const group = discover(queues);
    await queues.clock.runUntil(group.start());
    expect(group.reported[0]).toEqual([undefined, expect.objectContaining({ code: "REQUEST_TIMEOUT" })]);
    await queues.clock.advance(5_000); // The next is out.
    await queues.clock.runUntil(group.stop());
    expect(queues.clock.pendingTimers).toBe(0);
  });

  it("rejects start() when the list may not be had", async () => {
    const queues = new SimulatedQueues();
    const listed = await queues.create("listed");
    const error = new SqsServiceError("AccessDeniedException", "User is not authorized.", { httpStatusCode: 403 });
    queues.sqs.faults.script = ({ operation }) => (operation === "ListQueues" ? { kind: "error", error } : undefined);
    const group = queues.consume(() => undefined, {
      queues: [{ queueUrl: listed }],
      discover: { queueNamePrefix: "orders-" },
    });
    const failure = await queues.clock.runUntil(group.start().catch((thrown: unknown) => thrown));
    expect(failure).toMatchObject({
      code: "ACCESS_DENIED",
      message: expect.stringContaining("sqs:ListQueues") as string,
    });
    expect([group.state, queues.clock.pendingTimers]).toEqual(["stopped", 0]);
  });

  it("reports a queue that cannot be added, by name, and tries it again at the next look", async () => {
    const queues = new SimulatedQueues();
    await queues.create("orders-1", 1);
    let answer: () => object = () => {
      throw new Error("not ready");
    };
    const group = discover(queues, { everySeconds: 10, queue: () => answer() });
    const last = (): MillraceError | undefined => group.reported.at(-1)?.[1];
    await queues.clock.runUntil(group.start());
    expect(last()).toMatchObject({ code: "DISCOVERY_FAILED", message: expect.stringContaining("orders-1") as string });
    answer = () => ({ weight: 0 });
    await queues.clock.advance(10_000);
    expect(last()?.message).toMatch(/Queue "orders-1": Option weight/u);
    answer = () => ({});
    await queues.clock.advance(10_000);
    expect([group.names, queues.size(queues.url("orders-1"))]).toEqual([["orders-1"], 0]);
    await queues.clock.runUntil(group.stop());
  });

  it("a stop during a look ends both", async () => {
    const queues = new SimulatedQueues();
    await queues.create("orders-1");
    queues.sqs.faults.latencyMs = 100;
    const pool = new PoolWorker<unknown>();
    const group = queues.consume(() => undefined, { pool, discover: { queueNamePrefix: "orders-" } });
    const started = group.start().catch((error: unknown) => error);
    await queues.clock.advance(50);
    await queues.clock.runUntil(group.stop());
    expect(await started).toMatchObject({ code: "STOPPED" });
    await queues.clock.advance(200);
    expect([group.names, queues.clock.pendingTimers, group.reported]).toEqual([[], 0, []]);
  });

  it("adds no queue of which its function does not say what it is to be, and outlives a promise", async () => {
    const queues = new SimulatedQueues();
    await queues.create("orders-1", 1);
    for (const answer of [() => Promise.reject(new Error("later")), () => null, () => false, () => "x"]) {
      const group = discover(queues, { queue: answer as never });
      await queues.clock.runUntil(group.start());
      expect(group.names).toEqual([]);
      expect(group.reported).toMatchObject([
        [undefined, { code: "OPTION_INVALID", message: expect.stringMatching(/orders-1: Option queue/u) as string }],
      ]);
      await queues.clock.runUntil(group.stop());
    }
    expect(queues.size(queues.url("orders-1"))).toBe(1);
  });

  it("does not add one again that was removed while it was being started", async () => {
    const queues = new SimulatedQueues();
    const group = discover(queues, { everySeconds: 10 });
    await queues.clock.runUntil(group.start());
    await queues.create("orders-1");
    queues.sqs.faults.latencyMs = 1_000;
    await queues.clock.runUntil(() => group.names.length === 1);
    await queues.clock.runUntil(group.remove("orders-1"));
    await queues.clock.advance(MINUTE_MS);
    expect([group.names, group.reported]).toEqual([[], []]);
    await queues.clock.runUntil(group.stop());
  });
});
