// Places before messages: nothing is taken from the source that has nowhere to go.

import assert from "node:assert/strict";
import { always, type CaseDefinition, needing } from "./case.js";

export const placesCases: readonly CaseDefinition[] = [
  always("has no more messages here than there are places", async (bench) => {
    const messages = 8;
    await bench.send(messages);
    const rig = await bench.openRig();
    for (let done = 0; done < messages; done += 1) {
      const here = Math.min(rig.places, messages - done);
      await rig.untilRunning(here);
      await bench.untilSource({ held: here, ready: messages - done - here });
      rig.running[0]?.end();
      await rig.untilConfirmed(done + 1);
    }
    await bench.untilSource({ ready: 0, held: 0 });
  }),

  always("takes nothing while every place is taken, and goes on when one is free", async (bench) => {
    const rig = await bench.openRig();
    await bench.send(rig.places);
    await rig.untilRunning(rig.places);
    await bench.send(1);
    await bench.pass(300);
    await bench.untilSource({ held: rig.places, ready: 1 });
    rig.running[0]?.end();
    await rig.untilCalled(rig.places + 1);
  }),

  needing(["countsRequests"], "asks for nothing while every place is taken", async (bench) => {
    const rig = await bench.openRig();
    await bench.send(rig.places);
    await rig.untilRunning(rig.places);
    const asked = bench.harness.asked?.();
    await bench.pass(300);
    assert.equal(bench.harness.asked?.(), asked, "requests while every place was taken");
  }),

  needing(["several"], "gives back the places for which no message came", async (bench) => {
    const rig = await bench.openRig();
    // One at a time, so that each request brings fewer than it could.
    for (let count = 1; count <= rig.places; count += 1) {
      await bench.send(1);
      await rig.untilRunning(count);
    }
  }),

  always("uses a place again and again", async (bench) => {
    const rig = await bench.openRig({ places: 1, answer: () => undefined });
    for (let count = 1; count <= 12; count += 1) {
      await bench.send(1);
      await rig.untilConfirmed(count);
    }
    assert.equal(rig.calls.length, 12);
  }),

  always("delivers every message once, however many there are", async (bench) => {
    const bodies = await bench.send(60);
    const rig = await bench.openRig({ places: 4, answer: () => undefined });
    await rig.untilConfirmed(bodies.length);
    assert.deepEqual([...rig.bodies].sort(), [...bodies].sort());
    await bench.untilSource({ ready: 0, held: 0, dead: 0 });
  }),

  needing(["several"], "lets a slow message block no other", async (bench) => {
    const rig = await bench.openRig();
    await bench.send(1);
    await rig.untilRunning(1);
    rig.answer = () => undefined;
    await bench.send(20);
    await rig.untilConfirmed(20);
    assert.equal(rig.running.length, 1);
  }),
];
