// Everything at once, at random: what the other cases try one by one must hold in any order.

import assert from "node:assert/strict";
import { deadLetter, drop, type Outcome, release, retry } from "../../runner/outcome.js";
import { drawInteger, type RandomSource, seededRandom } from "../random.js";
import { always, type CaseDefinition } from "./case.js";
import type { RunnerBench, RunnerRig } from "./rig.js";

const STEPS = 40;

const OUTCOMES: readonly (Outcome | undefined)[] = [undefined, undefined, undefined, retry(), release(), drop("no")];

/** One history: what is sent, what handlers answer, when the source fails and when the consumer stops. */
class History<Message> {
  readonly #bench: RunnerBench<Message>;
  readonly #rig: RunnerRig<Message>;
  readonly #random: RandomSource;
  readonly #sent: string[] = [];
  readonly #steps: ReadonlyArray<() => Promise<void> | void>;

  constructor(bench: RunnerBench<Message>, random: RandomSource) {
    this.#bench = bench;
    this.#random = random;
    this.#rig = bench.createRig({ places: 4, slots: 3 });
    const { canFail = false } = bench.traits;
    this.#steps = [
      () => this.#send(),
      () => this.#send(),
      () => this.#endSome(),
      () => this.#endSome(),
      () => this.#endSome(),
      () => bench.pass(drawInteger(random, 1, 60)),
      () => bench.pass(drawInteger(random, 1, 60)),
      () => this.#restart(),
      ...(canFail ? [() => bench.harness.fail?.(), () => bench.harness.heal?.(), () => bench.harness.heal?.()] : []),
    ];
  }

  /** Plays it, and then lets every message come to its end. */
  async play(): Promise<void> {
    await this.#rig.start();
    for (let step = 0; step < STEPS; step += 1) {
      await this.#steps[drawInteger(this.#random, 0, this.#steps.length - 1)]?.();
      this.#rig.check();
    }
    await this.#bench.harness.heal?.();
    this.#rig.answer = () => undefined;
    for (const call of this.#rig.running) call.end();
    await this.#bench.untilDone();
    const handled = new Set(this.#rig.bodies);
    assert.deepEqual(
      this.#sent.filter((body) => !handled.has(body)),
      [],
      "messages that no handler was called with",
    );
    await this.#rig.stop();
  }

  async #send(): Promise<void> {
    this.#sent.push(...(await this.#bench.send(drawInteger(this.#random, 1, 5))));
  }

  #endSome(): void {
    for (const call of this.#rig.running) {
      if (this.#random() < 0.5) call.end(this.#drawOutcome());
    }
  }

  #drawOutcome(): Outcome | undefined {
    if (this.#bench.traits.hasDeadLetters === true && this.#random() < 0.1) return deadLetter("no");
    return OUTCOMES[drawInteger(this.#random, 0, OUTCOMES.length - 1)];
  }

  async #restart(): Promise<void> {
    await this.#bench.harness.heal?.();
    await this.#rig.stop({ timeoutMs: this.#random() < 0.5 ? 0 : 50 });
    for (const call of this.#rig.running) call.end();
    await this.#rig.start();
  }
}

export const historyCases: readonly CaseDefinition[] = [1, 2, 3].map((seed) =>
  always(`loses nothing and breaks nothing in a random history (${seed})`, async (bench) => {
    await new History(bench, seededRandom(seed)).play();
  }),
);
