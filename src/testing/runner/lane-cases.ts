// Messages that belong together: one at a time, in order, whatever becomes of each.

import assert from "node:assert/strict";
import { retry } from "../../runner/outcome.js";
import { type CaseDefinition, needing } from "./case.js";

export const laneCases: readonly CaseDefinition[] = [
  needing(
    ["hasLanes", "several"],
    "runs the messages of a lane one at a time, and other lanes beside it",
    async (bench) => {
      const inOrder = await bench.send(3, "a lane");
      const [beside = ""] = await bench.send(1, "another lane");
      const rig = await bench.openRig({ places: 4 });
      await rig.untilRunning(2);
      assert.deepEqual(new Set(rig.bodies), new Set([inOrder[0], beside]));
      for (const [index, body] of inOrder.entries()) {
        await rig.untilRunning(2);
        await bench.pass(100); // Time for another to start that must not.
        const running = rig.running.filter((call) => call.body !== beside);
        assert.deepEqual(
          running.map((call) => call.body),
          [body],
          "what runs of the lane",
        );
        running[0]?.end();
        await rig.untilConfirmed(index + 1);
      }
      assert.equal(rig.calls.length, 4);
    },
  ),

  needing(["hasLanes"], "lets nothing of a lane overtake a message that is to come again", async (bench) => {
    const bodies = await bench.send(4, "a lane");
    const failing = new Set([bodies[0], bodies[2]]);
    const rig = await bench.openRig({
      places: 4,
      answer: ({ body }) => (failing.delete(body) ? retry() : undefined),
    });
    await bench.untilDone();
    const [one, two, three, four] = bodies;
    assert.deepEqual(rig.bodies, [one, one, two, three, three, four]);
  }),

  needing(["hasLanes"], "keeps the order of a lane over a stop and a restart", async (bench) => {
    const bodies = await bench.send(4, "a lane");
    const rig = await bench.openRig({ places: 4 });
    await rig.untilRunning(1);
    await rig.stop({ timeoutMs: 0 });
    const other = await bench.openRig({ places: 4, answer: () => undefined });
    await bench.untilDone();
    assert.deepEqual(other.bodies, bodies);
  }),
];
