// The way in: when more is asked for, and where a message goes that has come: to its lane, to the worker, or back.
import type { Clock } from "../internal/clock.js";
import type { Runner } from "../runner/runner.js";
import type { RateLimit } from "../worker/rate-limit.js";
import type { Worker } from "../worker/worker.js";
import { Budget, type ByteLimit } from "./budget.js";
import type { Execution } from "./execution.js";
import { Lanes } from "./lanes.js";
import { Pause } from "./pause.js";
import { Places } from "./places.js";

/** What an entrance works with. */
export interface EntranceParts<Resource> {
  readonly clock: Clock;
  readonly worker: Worker<Resource>;
  readonly runner: Pick<Runner<never>, "pause">;
  readonly rateLimit: RateLimit;
  readonly byteLimit: ByteLimit | undefined;
  readonly report: (error: unknown) => void;
  /** A pause has begun; `forMs` is undefined when no time was given. */
  readonly onPaused: (forMs: number | undefined) => void;
  /** It is over. */
  readonly onResumed: () => void;
}

/** The entrance of one session. */
export class Entrance<Message, Resource> {
  readonly lanes: Lanes<Execution<Message, Resource>>;
  readonly budget: Budget;
  readonly #parts: EntranceParts<Resource>;
  readonly #places: Places;
  readonly #pause: Pause;
  #isOpen = false;
  /** Whether messages go back that come in this tick. */
  #isRefusing = false;
  /** What came during a pause while more was asked for: given back at once, it would come by what is still out. */
  readonly #parked: Array<Execution<Message, Resource>> = [];

  constructor(parts: EntranceParts<Resource>) {
    this.#parts = parts;
    this.budget = new Budget({ ...parts, onFreed: () => this.#places.serve() });
    this.#places = new Places({ ...parts, budget: this.budget });
    this.lanes = new Lanes({
      start: (execution) => this.#handOver(execution),
      freePlace: () => this.#places.free(1),
      makePlace: () => this.#places.make(),
      takeParked: (lane) => this.#takeParked(lane),
    });
    this.#pause = new Pause({
      clock: parts.clock,
      onPaused: (forMs) => this.#paused(forMs),
      onResumed: () => this.#resumed(),
    });
  }

  get isPaused(): boolean {
    return this.#pause.isOn;
  }

  /** Messages that wait for something else than a slot. */
  get waiting(): number {
    return this.lanes.waiting + this.#parked.length;
  }

  /** The source is reached. Until then it may take places though it is paused: what comes for them is not started. */
  open(): void {
    this.#isOpen = true;
    this.budget.open();
    if (this.#pause.isOn) this.#holdBack();
  }

  /** Asks for nothing more, and gives back what has not started. What runs goes on. */
  pause(): void {
    this.#pause.begin();
  }

  /** The same for a time. Of several times the one that ends last counts. */
  pauseFor(durationMs: number): void {
    this.#pause.beginFor(durationMs);
  }

  /** Ends every pause. */
  resume(): void {
    this.#pause.end();
  }

  /** The rate is another one. When it is lower than it was, what has not started goes back, to be counted by the new one. */
  rateChanged(isLower: boolean): void {
    if (isLower) this.#giveBackWaiting();
    this.budget.rateChanged();
  }

  take(atMost: number): Promise<number> {
    return this.#places.take(atMost);
  }

  giveBack(places: number): void {
    this.#places.giveBack(places);
    this.#giveBackParked();
  }

  /** To be called when the worker may have a place. */
  serve(): void {
    this.#places.serve();
  }

  /** A message has come. */
  admit(execution: Execution<Message, Resource>): void {
    const isAllowed = this.budget.arrived(execution);
    if (this.#pause.isOn && !this.#isRefusing) {
      this.#places.free(1);
      this.#parked.push(execution);
      this.#giveBackParked();
    } else if (!isAllowed || this.#isRefusing) {
      this.#places.free(1);
      this.#refuseForNow();
      execution.giveBack();
    } else {
      this.#enter(execution);
    }
  }

  /** A message has come that somebody else sees to. */
  pass(execution: Execution<Message, Resource>): void {
    this.budget.arrived(execution);
    this.#places.free(1);
  }

  /** Takes out what has not started, in order. */
  withdraw(): Array<Execution<Message, Resource>> {
    return [...this.#withdrawFromWorker(), ...this.lanes.withdraw(), ...this.#parked.splice(0)];
  }

  /** From now on nothing is asked for. */
  close(): void {
    this.#pause.cancel();
    this.#places.close();
  }

  /** Gives back what a runner still holds that did not end in time. */
  end(): void {
    this.#places.end();
  }

  /** To its lane or to the worker, for a place that was taken. */
  #enter(execution: Execution<Message, Resource>): void {
    const { lane } = execution.delivery;
    if (lane === undefined) this.#handOver(execution);
    else this.lanes.enter(lane, execution);
  }

  /** A worker of the user's may refuse, though it must not: the runner is not to fail for that. */
  #handOver(execution: Execution<Message, Resource>): void {
    this.#places.use();
    try {
      this.#parts.worker.accept(execution);
    } catch (error) {
      this.#parts.report(error);
      execution.giveBack();
    }
  }

  /** One of the user's may throw here, too: a stop is not to fail for that. */
  #withdrawFromWorker(): Array<Execution<Message, Resource>> {
    try {
      return this.#parts.worker.withdraw() as Array<Execution<Message, Resource>>;
    } catch (error) {
      this.#parts.report(error);
      return [];
    }
  }

  #paused(forMs: number | undefined): void {
    if (this.#isOpen) this.#holdBack();
    this.#giveBackWaiting();
    this.#parts.onPaused(forMs);
  }

  #resumed(): void {
    this.#parts.onResumed();
    if (this.#pause.isOn) return; // A listener has paused it again.
    this.#enterParked();
    if (!this.#pause.isOn) this.#places.resume(); // A synchronous handler may have, too.
  }

  #holdBack(): void {
    this.#places.pause();
    try {
      this.#parts.runner.pause?.();
    } catch (error) {
      this.#parts.report(error);
    }
  }

  #giveBackWaiting(): void {
    this.#refuseForNow();
    for (const execution of this.withdraw()) execution.giveBack();
  }

  /** When nothing is out by which they would come again. */
  #giveBackParked(): void {
    if (this.#parked.length === 0 || this.budget.asked > 0) return;
    for (const execution of this.#parked.splice(0)) execution.giveBack();
  }

  /** Takes out those of a lane, in which one before them is not done. What comes in this tick is behind it, too. */
  #takeParked(lane: string): Array<Execution<Message, Resource>> {
    if (!this.#pause.isOn) return [];
    this.#refuseForNow();
    const taken = this.#parked.filter(({ delivery }) => delivery.lane === lane);
    for (const execution of taken) this.#parked.splice(this.#parked.indexOf(execution), 1);
    return taken;
  }

  /** What came during a pause that is over. */
  #enterParked(): void {
    for (const execution of this.#parked.splice(0)) {
      if (execution.isSettled) continue;
      if (!execution.hasToken) this.#refuseForNow();
      if (this.#isRefusing) {
        execution.giveBack();
      } else {
        this.#places.make();
        this.#enter(execution);
      }
    }
  }

  /** What comes in one go with a message that goes back may be behind it in its lane, and goes back too. */
  #refuseForNow(): void {
    if (!this.#isRefusing) queueMicrotask(() => (this.#isRefusing = false));
    this.#isRefusing = true;
  }
}
