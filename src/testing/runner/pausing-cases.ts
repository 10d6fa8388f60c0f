// Pauses: nothing starts, what runs goes on, and nothing is lost.

import assert from "node:assert/strict";
import { always, type CaseDefinition, needing } from "./case.js";

export const pausingCases: readonly CaseDefinition[] = [
  always("starts nothing while it is paused, and goes on with what runs", async (bench) => {
    const rig = await bench.openRig();
    await bench.send(1);
    await rig.untilRunning(1);
    rig.consumer.pause();
    await bench.send(rig.places);
    await bench.pass(300);
    assert.equal(rig.calls.length, 1, "calls of the handler");
    rig.running[0]?.end();
    await bench.until("its outcome to be confirmed", () => rig.counters.settled.ack === 1);
    rig.answer = () => undefined;
    rig.consumer.resume();
    await bench.until("everything to be done", () => rig.counters.settled.ack === rig.places + 1);
    await bench.untilDone();
  }),

  needing(["several"], "has all its places again after a pause", async (bench) => {
    const rig = await bench.openRig();
    for (let round = 0; round < 3; round += 1) {
      rig.consumer.pause();
      await bench.pass(round * 100);
      rig.consumer.resume();
    }
    await bench.send(rig.places + 2);
    await rig.untilRunning(rig.places);
  }),

  needing(["countsRequests"], "asks for nothing while it is paused", async (bench) => {
    const rig = await bench.openRig();
    await bench.send(1);
    await rig.untilRunning(1);
    rig.consumer.pause();
    await bench.pass(1); // What has its places is asked for.
    const asked = bench.harness.asked?.();
    await bench.pass(300);
    assert.equal(bench.harness.asked?.(), asked, "requests during the pause");
  }),

  always("stops while it is paused, and others can have what it had not started", async (bench) => {
    const rig = await bench.openRig();
    rig.consumer.pause();
    await bench.send(2);
    await bench.pass(50);
    await rig.stop();
    assert.equal(rig.calls.length, 0, "calls of the handler");
    const other = await bench.openRig({ answer: () => undefined });
    await other.untilConfirmed(2);
    await bench.untilDone();
  }),
];
