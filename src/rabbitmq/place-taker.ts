// Takes places for whichever channel is there. A call that waits for a place cannot be taken back: when the channel goes
// meanwhile, the place is for the next.
import { createDeferred, type Deferred } from "../internal/deferred.js";
import type { Intake } from "../runner/runner.js";

/** Somebody who has a use for places. */
export interface PlaceUser {
  /** Whether one more place would be used. */
  readonly wantsPlace: boolean;
  /** Here it is. */
  givePlace(): void;
}

/** Takes one place after the other, as long as there is a use for them. */
export class PlaceTaker {
  readonly #intake: Pick<Intake, "take" | "giveBack">;
  #user: PlaceUser | undefined;
  readonly #failed: Deferred<never> = createDeferred();
  #isTaking = false;

  constructor(intake: Pick<Intake, "take" | "giveBack">) {
    this.#intake = intake;
    this.#failed.promise.catch(() => undefined); // It may fail before anybody asks.
  }

  /** Rejects when places cannot be taken any more: the worker is the user's, and may throw. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  /** From now on places are for this user; without one, none are taken. */
  serve(user: PlaceUser | undefined): void {
    this.#user = user;
    this.wake();
  }

  /** To be called when the user may want a place that it did not want before. */
  wake(): void {
    if (!this.#isTaking && this.#user?.wantsPlace === true)
      this.#take().catch((error: unknown) => this.#failed.reject(error));
  }

  async #take(): Promise<void> {
    this.#isTaking = true;
    while (this.#user?.wantsPlace === true) {
      const places = await this.#intake.take(1);
      if (places === 0) break; // The consumer stops.
      if (this.#user === undefined) this.#intake.giveBack(places);
      else this.#user.givePlace();
    }
    this.#isTaking = false;
  }
}
