// When the source fails: for a while, for good, or before anything has begun. And when it takes messages back.

import assert from "node:assert/strict";
import { type CaseDefinition, needing } from "./case.js";
import type { HandlerCall } from "./rig.js";

/** The most that a runner may ask, or report, in a second in which everything fails. */
const MOST_A_SECOND = 30;

export const failingCases: readonly CaseDefinition[] = [
  needing(["canFail"], "reports that the source fails, and goes on when it no longer does", async (bench) => {
    const rig = await bench.openRig();
    await bench.harness.fail?.();
    await bench.until("the failure to be reported", () => rig.watched.reported.length > 0);
    assert.equal(rig.watched.runState, "running", "run has ended over a failure that passes");
    await bench.harness.heal?.();
    await bench.send(rig.places);
    await rig.untilRunning(rig.places);
  }),

  needing(["canFail"], "leaves a source alone that fails, instead of trying all the time", async (bench) => {
    const rig = await bench.openRig();
    await bench.harness.fail?.();
    await bench.until("the failure to be reported", () => rig.watched.reported.length > 0);
    const askedBefore = bench.harness.asked?.() ?? 0;
    const reportedBefore = rig.watched.reported.length;
    await bench.pass(1_000);
    const asked = (bench.harness.asked?.() ?? 0) - askedBefore;
    const reported = rig.watched.reported.length - reportedBefore;
    assert.ok(asked <= MOST_A_SECOND, `${asked} requests in a second in which all of them failed`);
    assert.ok(reported <= MOST_A_SECOND, `${reported} reports in a second`);
  }),

  needing(["canFail", "several"], "keeps its places through failures", async (bench) => {
    const rig = await bench.openRig();
    for (let time = 1; time <= 3; time += 1) {
      const reportedBefore = rig.watched.reported.length;
      await bench.harness.fail?.();
      await bench.until("the failure to be reported", () => rig.watched.reported.length > reportedBefore);
      await bench.harness.heal?.();
      await bench.send(rig.places);
      await rig.untilRunning(rig.places);
      for (const call of rig.running) call.end();
      await rig.untilConfirmed(time * rig.places);
    }
  }),

  needing(
    ["canFail", "failsBeforeOpen"],
    "can be started while the source fails, and goes on when it no longer does",
    async (bench) => {
      const rig = bench.createRig();
      await bench.harness.fail?.();
      const started = rig.consumer.start();
      await bench.until("the failure to be reported", () => rig.watched.reported.length > 0);
      await bench.harness.heal?.();
      await bench.settled("start() to resolve", started);
      await bench.send(1);
      await rig.untilRunning(1);
    },
  ),

  needing(["canFail"], "stops while the source fails", async (bench) => {
    const rig = await bench.openRig();
    await bench.harness.fail?.();
    await bench.until("the failure to be reported", () => rig.watched.reported.length > 0);
    const { isDrained } = await rig.stop();
    assert.ok(isDrained);
  }),

  needing(["canFail"], "stops while the source fails and an outcome is not confirmed", async (bench) => {
    const rig = await bench.openRig();
    await bench.send(1);
    await rig.untilRunning(1);
    await bench.harness.fail?.();
    rig.running[0]?.end();
    const { isDrained } = await rig.stop({ timeoutMs: 1_000 });
    const { ready, held } = await bench.harness.look();
    // Where the source is known to be gone, the loss is told before the stop has begun.
    const isConfirmed = isDrained && rig.counters.settlementsLost === 0;
    assert.equal(isConfirmed, ready + held === 0, "the stop, or the loss before it, says what was not confirmed");
    await bench.harness.heal?.();
    await bench.openRig({ answer: () => undefined });
    await bench.untilDone(); // Nothing is lost: a message whose outcome was not confirmed comes again.
  }),

  needing(["canBeMissing"], "open rejects when there is no source; nothing half-started remains", async (bench) => {
    const runner = bench.harness.createRunnerWithoutSource?.();
    assert.ok(runner !== undefined, "the harness makes a runner without a source");
    const rig = bench.createRig({ runner });
    for (let time = 1; time <= 2; time += 1) {
      await assert.rejects(rig.start(), "start() has resolved though there is no source");
      assert.equal(rig.watched.runState, "not called", "run was called after open had rejected");
      assert.equal(rig.watched.places, 0, "places that were neither used nor given back");
      await rig.stop();
    }
  }),

  needing(["canBeLost"], "reports that the source is lost, without a hot loop, and can be stopped", async (bench) => {
    const rig = await bench.openRig();
    await bench.send(1);
    await rig.untilRunning(1);
    const reported = (): number => rig.counters.errors;
    await bench.harness.lose?.();
    await bench.until("the loss to be reported", () => reported() > 0);
    await bench.pass(1_000);
    assert.ok(reported() <= MOST_A_SECOND, `${reported()} reports in a second`);
    for (const call of rig.running) call.end();
    await rig.stop({ timeoutMs: 1_000 });
  }),

  needing(
    ["takesBack"],
    "a message that is taken back while it runs: its signal aborts, it is settled once",
    async (bench) => {
      const rig = await bench.openRig();
      const [body = ""] = await bench.send(1);
      await rig.untilRunning(1);
      const call = rig.running[0] as HandlerCall;
      const { signal } = call.context;
      await bench.harness.takeBack?.(body);
      await bench.until("the handler's signal to abort", () => signal.aborted);
      assert.ok(signal.reason instanceof Error, "the reason is an error");
      assert.equal(rig.counters.revoked, 1);
      rig.answer = () => undefined; // It may come again.
      call.end();
      await bench.until("its outcome to be confirmed", () => rig.watched.unconfirmed === 0);
    },
  ),

  needing(["takesBack", "several"], "a message that is taken back while it waits does not start", async (bench) => {
    const rig = await bench.openRig({ places: 2, slots: 1 });
    const bodies = await bench.send(2);
    await rig.untilRunning(1);
    await bench.until("both messages to be here", () => rig.watched.delivered === 2);
    const [running] = rig.running as [HandlerCall];
    const waiting = bodies.find((body) => body !== running.body) as string;
    await bench.harness.takeBack?.(waiting);
    await bench.until("the message to be revoked", () => rig.counters.revoked === 1);
    assert.equal(rig.calls.length, 1, "it has started");
    running.end();
    rig.answer = () => undefined; // It may come again.
    await bench.until("every outcome to be confirmed", () => rig.watched.unconfirmed === 0);
  }),
];
