// What can happen to a worker, at random and in any order.

import { drawInteger, type RandomSource } from "./random.js";
import { LONGEST_DURATION_MS, type WorkerRig } from "./worker-rig.js";

/** What a runner, a handler, time or a stop may do next, and how often it does. */
const STEPS: ReadonlyArray<{
  readonly weight: number;
  take(rig: WorkerRig, random: RandomSource): Promise<void> | void;
}> = [
  { weight: 25, take: (rig, random) => rig.await(drawInteger(random, 1, 10)) },
  { weight: 30, take: acceptSome },
  { weight: 5, take: (rig, random) => void rig.acceptAnyway(drawDuration(random)) },
  { weight: 10, take: (rig, random) => rig.release(drawInteger(random, 0, rig.reserved)) },
  { weight: 25, take: endSome },
  { weight: 5, take: (rig, random) => rig.clock.advance(drawInteger(random, 1, 30_000)) },
  { weight: 4, take: (rig) => void rig.withdraw() },
  { weight: 1, take: restart },
];

/** Takes one of them. */
export async function takeRandomStep(rig: WorkerRig, random: RandomSource): Promise<void> {
  let dice = random() * STEPS.reduce((sum, { weight }) => sum + weight, 0);
  const step = STEPS.find(({ weight }) => (dice -= weight) < 0);
  await step?.take(rig, random);
  // Sometimes the next step comes before this one has had its effect.
  if (random() < 0.8) await rig.settle();
}

function acceptSome(rig: WorkerRig, random: RandomSource): void {
  while (rig.reserved > 0 && random() < 0.8) rig.accept(drawDuration(random));
}

function endSome(rig: WorkerRig, random: RandomSource): void {
  for (const task of rig.running) {
    if (!task.endsByItself && random() < 0.5) task.end();
  }
}

function drawDuration(random: RandomSource): number | undefined {
  const dice = random();
  if (dice < 0.2) return 0;
  return dice < 0.5 ? drawInteger(random, 1, LONGEST_DURATION_MS) : undefined;
}

async function restart(rig: WorkerRig): Promise<void> {
  rig.withdraw();
  await rig.stop();
  await rig.start();
}
