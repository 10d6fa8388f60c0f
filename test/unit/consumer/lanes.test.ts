// The order of a lane, at the consumer's door: a runner that says which deliveries belong together.
import { Consumer, deadLetter, drop, release, retry, SemaphoreWorker } from "millrace";
import { describe, expect, it } from "vitest";
import { LaneBench, LaneRunner } from "../../support/lane-runner.js";

describe("the deliveries of a lane", () => {
  it("run one at a time in the order in which they came, beside those of other lanes and of none", async () => {
    const bench = await LaneBench.start();
    await bench.runner.deliver("a1", "a2", "a3", "b1", "b2", "-");
    expect(bench.running).toEqual(["a1", "b1", "-"]);
    await bench.finish("a1");
    expect(bench.running).toEqual(["b1", "-", "a2"]);
    await bench.finish("b1");
    await bench.finish("a2");
    expect(bench.running).toEqual(["-", "b2", "a3"]);
  });

  it.each([
    ["drop", drop("stale")],
    ["deadLetter", deadLetter("broken")],
  ])("go on after %s", async (_name, outcome) => {
    const bench = await LaneBench.start();
    await bench.runner.deliver("a1", "a2");
    await bench.finish("a1", outcome);
    expect(bench.running).toEqual(["a2"]);
  });

  it("wait until the source has confirmed the one before, while other lanes use its slot", async () => {
    const bench = await LaneBench.start({ concurrency: 2 });
    expect(await bench.runner.deliver("a1", "a2", "b1", "c1")).toEqual(["a1", "a2", "b1"]);
    await bench.end("a1");
    expect(await bench.runner.deliver("c1")).toEqual(["c1"]);
    expect(bench.running).toEqual(["b1", "c1"]);
    bench.runner.confirm("a1");
    await bench.end("b1");
    expect(bench.running).toEqual(["c1", "a2"]);
  });

  it.each([
    ["retry", retry({ afterSeconds: 5 }), "a1 retry"],
    ["release", release(), "a1 release"],
    ["a failure", new Error("no"), "a1 retry"],
  ])("go back unstarted, in order, after %s", async (_name, answer, first) => {
    const bench = await LaneBench.start();
    await bench.runner.deliver("a1", "a2", "a3", "b1");
    await bench.end("a1", answer);
    expect(bench.runner.settled).toEqual([first, "a2 release", "a3 release"]);
    expect(bench.running).toEqual(["b1"]);
  });

  it("go back too when they are delivered in one go with one whose synchronous handler wants it again", async () => {
    const runner = new LaneRunner();
    const started: string[] = [];
    const handler = (name: string): unknown => {
      started.push(name);
      return name === "a1" ? retry() : undefined;
    };
    const consumer = new Consumer(handler, { runner, concurrency: 4 });
    await consumer.start();
    expect(await runner.deliverAtOnce("a1", "a2", "b1", "a3")).toBe(4);
    expect(runner.settled).toEqual(["a1 retry", "a2 release", "b1 ack", "a3 release"]);
    runner.confirm("a1");
    await runner.deliverAtOnce("a1 again", "a2 again");
    for (const name of ["a2", "b1", "a3", "a1 again"]) runner.confirm(name);
    await Promise.resolve();
    expect(started).toEqual(["a1", "b1", "a1 again", "a2 again"]);
    await consumer.stop();
  });

  it("go back when the one before cannot be confirmed: it will come again", async () => {
    const bench = await LaneBench.start();
    await bench.runner.deliver("a1", "a2", "a3");
    await bench.end("a1");
    bench.runner.confirm("a1", new Error("the lease has lapsed"));
    await bench.clock.advance(0);
    expect(bench.running).toEqual([]);
    expect(bench.runner.settled).toEqual(["a1 ack", "a2 release", "a3 release"]);
    expect(bench.errors).toEqual(["ACKNOWLEDGEMENT_LOST"]);
  });

  it("start again when they come again, after the return of the one before was confirmed", async () => {
    const bench = await LaneBench.start();
    await bench.runner.deliver("a1", "a2");
    await bench.end("a1", retry());
    await bench.runner.deliver("a3", "a4"); // The same messages once more; names tell them apart.
    expect(bench.running).toEqual([]);
    bench.runner.confirm("a1");
    await bench.clock.advance(0);
    expect(bench.running).toEqual(["a3"]);
    expect(bench.started).not.toContain("a2");
  });

  it("behind one that was taken back go back too; those before it have their turn", async () => {
    const bench = await LaneBench.start();
    await bench.runner.deliver("a1", "a2", "a3", "a4");
    bench.runner.revoke("a3");
    expect(bench.runner.settled).toEqual(["a3 release", "a4 release"]);
    await bench.finish("a1");
    expect(bench.running).toEqual(["a2"]);
    await bench.finish("a2");
    expect(bench.running).toEqual([]);
  });

  it("do not start beside a handler that was given up on", async () => {
    const bench = await LaneBench.start({ handlerTimeoutMs: 1_000, abortGraceMs: 100, retry: () => retry() });
    await bench.runner.deliver("a1", "a2");
    await bench.clock.advance(1_100);
    expect(bench.runner.settled).toEqual(["a1 retry", "a2 release"]);
    bench.runner.confirm("a1");
    await bench.runner.deliver("a3");
    await bench.clock.advance(0);
    expect(bench.running).toEqual(["a1"]);
    await bench.end("a1");
    expect(bench.running).toEqual(["a3"]);
  });

  it("that wait for their turn take no place from others", async () => {
    const bench = await LaneBench.start({ concurrency: 2 });
    expect(await bench.runner.deliver("a1", "a2", "a3", "a4", "b1", "c1")).toEqual(["a1", "a2", "a3", "a4", "b1"]);
    expect(bench.running).toEqual(["a1", "b1"]);
    expect(bench.consumer.stats()).toMatchObject({ running: 2, waiting: 3 });
  });

  it("have their turn though every place is taken", async () => {
    const bench = await LaneBench.start({ worker: new SemaphoreWorker({ permits: 2 }) });
    await bench.runner.deliver("a1", "a2");
    await bench.end("a1");
    expect(await bench.runner.intake.take(10)).toBe(2); // A request for messages that may never come.
    bench.runner.confirm("a1");
    await bench.clock.advance(0);
    expect(bench.running).toEqual(["a2"]);
  });

  it("are withdrawn by a stop, the one that runs being waited for", async () => {
    const bench = await LaneBench.start({ concurrency: 2 });
    await bench.runner.deliver("a1", "a2", "a3");
    const stopped = bench.consumer.stop();
    await bench.clock.advance(0);
    expect(bench.runner.settled).toEqual(["a2 release", "a3 release"]);
    await bench.end("a1");
    expect(await stopped).toMatchObject({ isDrained: true, messagesReleased: 2 });
    expect(bench.started).toEqual(["a1"]);
  });

  it("of which thousands end at once do not fill the stack", async () => {
    const bench = await LaneBench.start({ concurrency: 10, retry: () => retry() });
    bench.runner.confirmsAtOnce = true;
    const names = Array.from({ length: 12_000 }, (_, index) => `a${index}`);
    const delivered = await bench.runner.deliver(...names);
    expect(delivered).toHaveLength(10_010); // Ten that keep their places end the receiving.
    for (const name of names.slice(0, 20)) await bench.end(name);
    expect(bench.started).toEqual(names.slice(0, 21));
  });
});
