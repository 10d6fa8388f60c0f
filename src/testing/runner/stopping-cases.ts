// Stopping in every situation, flushing, and starting again.

import assert from "node:assert/strict";
import { always, type CaseDefinition, needing } from "./case.js";

/** A handler's answer that never comes. */
const never = (): Promise<never> => new Promise(() => undefined);

export const stoppingCases: readonly CaseDefinition[] = [
  always("stops before anything came", async (bench) => {
    const rig = await bench.openRig();
    const result = await rig.stop();
    assert.deepEqual([result.isDrained, result.messagesReleased], [true, 0]);
    assert.equal(rig.calls.length, 0);
  }),

  always("stops while it waits for messages", async (bench) => {
    const rig = await bench.openRig({ answer: () => undefined });
    await bench.send(1);
    await rig.untilConfirmed(1);
    await bench.pass(300); // By now it asks again, or waits to.
    const { isDrained } = await rig.stop();
    assert.ok(isDrained);
  }),

  always("stops while it starts", async (bench) => {
    const rig = bench.createRig();
    const started = rig.consumer.start().catch(() => undefined); // It may reject: the stop came first.
    await rig.stop();
    await bench.settled("start() to settle", started);
  }),

  always("stops in the moment in which it has started", async (bench) => {
    await bench.send(2);
    const rig = bench.createRig();
    rig.consumer.once("started", () => void rig.consumer.stop({ timeoutMs: 0 }));
    await bench.settled(
      "start() to settle",
      rig.consumer.start().catch(() => undefined),
    );
    await rig.stop();
    await bench.untilSource({ ready: 2, held: 0 });
  }),

  needing(["several"], "gives back the messages that have not started when it stops", async (bench) => {
    await bench.send(4);
    const rig = await bench.openRig({ places: 4, slots: 1 });
    await bench.until("the places to be full", () => rig.watched.delivered === rig.places);
    await rig.untilRunning(1);
    const stopping = rig.consumer.stop();
    rig.running[0]?.end();
    const { isDrained, messagesReleased } = await rig.untilStopped(stopping);
    assert.deepEqual({ isDrained, messagesReleased }, { isDrained: true, messagesReleased: rig.places - 1 });
    await bench.untilSource({ ready: 3, held: 0 });
    assert.equal(rig.calls.length, 1);
  }),

  always("a message that comes while it stops is done, or can be had again", async (bench) => {
    const rig = await bench.openRig({ answer: () => undefined });
    const stopping = rig.consumer.stop();
    await bench.send(3);
    await rig.untilStopped(stopping);
    await bench.untilSource({ held: 0, ready: 3 - rig.calls.length });
  }),

  always("waits for handlers that run, and tells the source what came of them", async (bench) => {
    const rig = await bench.openRig();
    await bench.send(rig.places);
    await rig.untilRunning(rig.places);
    const calls = rig.running;
    const stopping = rig.consumer.stop();
    for (const call of calls) {
      await bench.pass(100);
      assert.equal(rig.consumer.state, "stopping", "stop() has resolved while a handler runs");
      call.end();
    }
    await rig.untilStopped(stopping);
    assert.equal(rig.counters.settled.ack, calls.length);
    await bench.untilSource({ ready: 0, held: 0, dead: 0 });
  }),

  always("has told the source every outcome when it has stopped", async (bench) => {
    const rig = await bench.openRig();
    await bench.send(rig.places);
    await rig.untilRunning(rig.places);
    for (const call of rig.running) call.end(); // And in the same moment:
    const { isDrained, settlementsLost } = await rig.stop();
    assert.deepEqual({ isDrained, settlementsLost }, { isDrained: true, settlementsLost: 0 });
    const { ready, held } = await bench.harness.look();
    assert.deepEqual({ ready, held }, { ready: 0, held: 0 }, "what the source still has");
  }),

  always("gives back messages whose handlers do not end in time", async (bench) => {
    const rig = await bench.openRig({ answer: never });
    await bench.send(rig.places);
    await rig.untilCalled(rig.places);
    const { handlersAborted, handlersAbandoned } = await rig.stop({ timeoutMs: 100 });
    assert.deepEqual([handlersAborted, handlersAbandoned], [rig.places, rig.places]);
    await bench.untilSource({ ready: rig.places, held: 0 });
  }),

  always("stops with no time at all", async (bench) => {
    const rig = await bench.openRig();
    await bench.send(1);
    await rig.untilRunning(1);
    await rig.stop({ timeoutMs: 0 });
    await bench.untilSource({ ready: 1, held: 0 });
  }),

  needing(["canHang"], "ends its requests at the deadline of the stop", async (bench) => {
    await bench.harness.hang?.();
    const rig = bench.createRig();
    const started = rig.consumer.start();
    started.catch(() => undefined);
    await bench.pass(100);
    await rig.stop({ timeoutMs: 100 });
  }),

  needing(["canHang"], "ends a request that came after messages at the deadline of the stop", async (bench) => {
    const rig = await bench.openRig({ answer: () => undefined });
    await bench.send(1);
    await rig.untilConfirmed(1);
    await bench.harness.hang?.();
    await bench.pass(100);
    await rig.stop({ timeoutMs: 100 });
  }),

  needing(["canHang"], "ends close when its time is over, though the source confirms nothing", async (bench) => {
    const rig = await bench.openRig();
    await bench.send(1);
    await rig.untilRunning(1);
    await bench.harness.hang?.();
    rig.running[0]?.end();
    const { isDrained } = await rig.stop({ timeoutMs: 100 });
    assert.equal(isDrained, false, "the outcome was not confirmed, and the stop says it was drained");
  }),

  always("takes nothing any more when it has stopped", async (bench) => {
    const rig = await bench.openRig({ answer: () => undefined });
    await bench.send(1);
    await rig.untilConfirmed(1);
    await rig.stop();
    await bench.send(2);
    await bench.pass(300);
    assert.equal(rig.calls.length, 1);
    const other = await bench.openRig({ answer: () => undefined });
    await other.untilConfirmed(2);
    await bench.untilSource({ ready: 0, held: 0 });
  }),

  always("can be started again, with all its places", async (bench) => {
    const rig = bench.createRig();
    for (let life = 1; life <= 3; life += 1) {
      await bench.send(rig.places + 1);
      await rig.start();
      await rig.untilRunning(rig.places);
      await bench.untilSource({ held: rig.places, ready: 1 });
      rig.answer = () => undefined;
      for (const call of rig.running) call.end();
      await rig.untilConfirmed(life * (rig.places + 1));
      await rig.stop();
      await bench.untilSource({ ready: 0, held: 0 });
      rig.answer = undefined;
    }
  }),

  always("gives back what the next runner then has", async (bench) => {
    const bodies = await bench.send(3);
    const rig = await bench.openRig({ answer: never });
    await rig.untilCalled(rig.places);
    await rig.stop({ timeoutMs: 0 });
    const other = await bench.openRig({ answer: () => undefined });
    await other.untilConfirmed(3);
    assert.deepEqual([...other.bodies].sort(), [...bodies].sort());
  }),

  always("goes on after a restart beside a handler that the stop has given up on", async (bench) => {
    const rig = await bench.openRig({ places: 2 });
    await bench.send(1);
    await rig.untilRunning(1);
    const [stuck] = rig.running;
    await rig.stop({ timeoutMs: 0 });
    rig.answer = () => undefined;
    await rig.start();
    if (rig.places > 1) {
      const [body = ""] = await bench.send(1);
      await bench.until("another message to be handled", () => rig.bodies.includes(body));
    }
    stuck?.end();
    await bench.untilDone();
    assert.ok(rig.bodies.filter((body) => body === stuck?.body).length >= 2, "the message has not come again");
  }),

  always("brings a message again whose handler was given up on", async (bench) => {
    const rig = await bench.openRig({ handlerTimeoutMs: 100 });
    await bench.send(1);
    await rig.untilRunning(1);
    const [stuck] = rig.running;
    rig.answer = () => undefined;
    await bench.until("the handler to be given up on", () => rig.counters.failed === 1);
    await bench.pass(100);
    stuck?.end();
    await bench.untilDone();
    assert.ok(rig.calls.length >= 2, "the message has not come again");
  }),

  always("can be started and stopped at once, many times", async (bench) => {
    const rig = bench.createRig({ answer: () => undefined });
    for (let life = 1; life <= 5; life += 1) {
      await rig.start();
      await rig.stop();
    }
    await bench.send(2);
    await rig.start();
    await rig.untilConfirmed(2);
  }),

  needing(["hasStats"], "stats tell what is unconfirmed, and that nothing is left after a stop", async (bench) => {
    const rig = await bench.openRig();
    const check = (): void => {
      const { receivesInFlight, settlementsPending } = rig.watched.stats();
      const isPossible = (count: number): boolean => Number.isInteger(count) && count >= 0;
      assert.ok(isPossible(receivesInFlight), `receivesInFlight is ${receivesInFlight}`);
      assert.equal(settlementsPending, rig.watched.unconfirmed, "settlementsPending");
    };
    check();
    await bench.send(rig.places);
    await rig.untilRunning(rig.places);
    check();
    for (const call of rig.running) call.end();
    await rig.untilConfirmed(rig.places);
    check();
    await rig.stop();
    assert.deepEqual(rig.watched.stats(), { receivesInFlight: 0, settlementsPending: 0 });
  }),
];
