// What becomes of a message at the source, for each outcome, and when it is said to have.

import assert from "node:assert/strict";
import { ack, deadLetter, drop, release, retry } from "../../runner/outcome.js";
import { always, type CaseDefinition, needing } from "./case.js";
import type { HandlerCall, RunnerBench, RunnerRig } from "./rig.js";

/** A consumer whose handler has been called with one message. */
async function withOneMessage<Message>(
  bench: RunnerBench<Message>,
): Promise<{ rig: RunnerRig<Message>; call: HandlerCall }> {
  const rig = await bench.openRig();
  await bench.send(1);
  await rig.untilRunning(1);
  return { rig, call: rig.running[0] as HandlerCall };
}

/** The message comes again, and this time it is done. */
async function comesAgain<Message>(rig: RunnerRig<Message>, first: HandlerCall): Promise<HandlerCall> {
  await rig.untilCalled(2);
  const second = rig.calls[1] as HandlerCall;
  assert.equal(second.body, first.body);
  second.end();
  await rig.untilConfirmed(2);
  await rig.bench.untilSource({ ready: 0, held: 0, dead: 0 });
  assert.equal(rig.calls.length, 2);
  return second;
}

export const settlingCases: readonly CaseDefinition[] = [
  always("ack: the source no longer has the message", async (bench) => {
    const { rig, call } = await withOneMessage(bench);
    await bench.untilSource({ ready: 0, held: 1 });
    call.end();
    await rig.untilConfirmed(1);
    await bench.untilSource({ ready: 0, held: 0, dead: 0 });
    assert.equal(rig.counters.settled.ack, 1);
  }),

  always("drop: the source no longer has the message, and it is no dead letter", async (bench) => {
    const { rig, call } = await withOneMessage(bench);
    call.end(drop("not wanted"));
    await rig.untilConfirmed(1);
    await bench.untilSource({ ready: 0, held: 0, dead: bench.traits.dropsAreDead === true ? 1 : 0 });
    assert.equal(rig.counters.settled.drop, 1);
  }),

  always("retry: the message comes again", async (bench) => {
    const { rig, call } = await withOneMessage(bench);
    call.end(retry());
    await comesAgain(rig, call);
    assert.equal(rig.counters.settled.retry, 1);
  }),

  needing(["hasDelays"], "retry with a delay: the message comes again, and not before its time", async (bench) => {
    const { rig, call } = await withOneMessage(bench);
    const afterSeconds = bench.traits.retryDelaySeconds ?? 1;
    const answeredAt = bench.clock.now();
    call.end(retry({ afterSeconds }));
    const second = await comesAgain(rig, call);
    const waitedMs = second.at - answeredAt;
    // Clocks of a source and of this process may differ by a little.
    assert.ok(waitedMs >= afterSeconds * 1_000 - 50, `it came again after ${waitedMs} ms`);
  }),

  always("release: the message can be had again at once", async (bench) => {
    const rig = await bench.openRig({ places: 1 });
    await bench.send(2);
    await rig.untilRunning(1);
    rig.running[0]?.end(release());
    await rig.untilCalled(2);
    await bench.untilSource({ ready: 1, held: 1 }); // One of them is here, whichever it is.
    rig.answer = () => undefined;
    rig.running[0]?.end();
    await rig.untilConfirmed(3);
    assert.deepEqual([rig.counters.settled.release, rig.counters.settled.ack], [1, 2]);
    await bench.untilSource({ ready: 0, held: 0, dead: 0 });
  }),

  needing(["hasDeadLetters"], "deadLetter: the message is among the dead letters, and nowhere else", async (bench) => {
    const { rig, call } = await withOneMessage(bench);
    call.end(deadLetter("makes no sense"));
    await rig.untilConfirmed(1);
    await bench.untilSource({ ready: 0, held: 0, dead: 1 });
    assert.equal(rig.counters.settled.deadLetter, 1);
  }),

  always("deadLetter: the message does not stay in hand, whether or not there are dead letters", async (bench) => {
    const { rig, call } = await withOneMessage(bench);
    rig.answer = () => undefined; // Where there are none, it may come again.
    call.end(deadLetter("makes no sense"));
    const { counters } = rig;
    const isTold = (): boolean => rig.counters.settled.deadLetter + rig.counters.settlementsLost > 0;
    await bench.until("the dead letter to be confirmed or refused", isTold);
    assert.equal(counters.settled.deadLetter + counters.settlementsLost, 0, "before the handler had ended");
    assert.equal(rig.watched.unconfirmed, 0);
  }),

  always("a handler that throws: the message comes again as the retry policy says", async (bench) => {
    const { rig, call } = await withOneMessage(bench);
    call.fail(new Error("on purpose"));
    await comesAgain(rig, call);
    assert.equal(rig.counters.failed, 1);
  }),

  needing(["countsAttempts"], "counts attempts from 1, one more with each retry", async (bench) => {
    const rig = await bench.openRig({ answer: ({ attempt }) => (attempt < 4 ? retry() : ack()) });
    await bench.send(1);
    await rig.untilConfirmed(4);
    assert.deepEqual(
      rig.calls.map(({ attempt }) => attempt),
      [1, 2, 3, 4],
    );
  }),

  always("tells each of many messages apart", async (bench) => {
    const outcomes = [ack(), drop("not wanted"), retry(), release()];
    const bodies = await bench.send(24);
    const isFirst = new Set(bodies);
    const rig = await bench.openRig({
      places: 5,
      answer: ({ body }) => (isFirst.delete(body) ? outcomes[bodies.indexOf(body) % outcomes.length] : undefined),
    });
    await rig.untilConfirmed(36);
    const { ack: acked, drop: dropped, retry: retried, release: released } = rig.counters.settled;
    assert.deepEqual({ acked, dropped, retried, released }, { acked: 18, dropped: 6, retried: 6, released: 6 });
    await bench.untilSource({ ready: 0, held: 0 });
    const callsOf = (body: string): number => rig.bodies.filter((other) => other === body).length;
    assert.deepEqual(
      bodies.map(callsOf),
      bodies.map((_, index) => (index % outcomes.length < 2 ? 1 : 2)),
      "how often each came",
    );
  }),

  always("settles messages in whatever order their handlers end", async (bench) => {
    await bench.send(6);
    const rig = await bench.openRig({ places: 6 });
    await rig.untilRunning(rig.places);
    while (rig.calls.length < 6 || rig.running.length > 0) {
      rig.running.at(-1)?.end();
      await bench.until(
        "the next call, or the last",
        () => rig.running.length === Math.min(rig.places, 6 - rig.calls.filter(({ isEnded }) => isEnded).length),
      );
    }
    await rig.untilConfirmed(6);
    await bench.untilSource({ ready: 0, held: 0, dead: 0 });
  }),

  always("confirms every outcome, and each of them once", async (bench) => {
    await bench.send(20);
    const rig = await bench.openRig({ places: 5, answer: () => undefined });
    await rig.untilConfirmed(20);
    const { isDrained, settlementsLost } = await rig.stop();
    assert.equal(rig.watched.unconfirmed, 0, "outcomes that were not confirmed");
    assert.deepEqual({ isDrained, settlementsLost }, { isDrained: true, settlementsLost: 0 });
    assert.equal(rig.counters.settled.ack, 20);
  }),

  needing(["canFail"], "confirms nothing that the source was not told", async (bench) => {
    const { rig, call } = await withOneMessage(bench);
    await bench.harness.fail?.();
    call.end();
    await bench.pass(1_000);
    const { ready, held } = await bench.harness.look();
    const confirmed = rig.counters.settled.ack;
    assert.ok(confirmed + ready + held <= 1, "an outcome was confirmed, and the source still has the message");
    rig.answer = () => undefined; // It may come again.
    await bench.harness.heal?.();
    await bench.untilDone();
  }),

  needing(["hasLeases"], "keeps a message for as long as its handler runs", async (bench) => {
    const { rig, call } = await withOneMessage(bench);
    await bench.pass(3 * (bench.traits.leaseMs ?? 30_000));
    assert.equal(call.context.signal.aborted, false, "the message was lost");
    await bench.untilSource({ ready: 0, held: 1 });
    call.end();
    await rig.untilConfirmed(1);
    await bench.untilSource({ ready: 0, held: 0 });
    assert.equal(rig.calls.length, 1);
  }),
];
