// Runners with one defect each, to prove that the contract finds it.
import type { Clock, Delivery, Intake, Outcome, Runner, RunnerStats, Timer } from "millrace";
import { LEASE_MS, type Lent, type SmallSource, type Verdict } from "./small-source.js";

/** Where a runner goes wrong. */
export type RunnerDefect =
  | "none"
  | "asks for one more than it has places"
  | "asks without places"
  | "forgets to give places back"
  | "gives places back twice"
  | "keeps the places of requests that failed"
  | "waits for all that one request brought"
  | "delivers a message twice"
  | "confirms twice"
  | "answers nothing, and confirms later"
  | "confirms before it has told the source"
  | "does not say how large a message is"
  | "tells the source of no release"
  | "takes a drop for a retry"
  | "swallows the delay of a retry"
  | "swallows dead letters"
  | "says that every attempt is the first"
  | "lets leases lapse"
  | "keeps to itself what was taken back"
  | "says nothing of failures"
  | "ends when a request fails"
  | "tries again at once after a failure"
  | "opens though there is no source"
  | "leaves a timer when it cannot open"
  | "resolves run before its requests have ended"
  | "goes on asking after a stop"
  | "does not end its request at the deadline"
  | "forgets to flush in close"
  | "takes all the time it wants to close"
  | "cannot be started again"
  | "waits for a timer of an earlier life"
  | "leaves its renewals running"
  | "counts settlements for ever";

interface Told {
  readonly delivery: Delivery<Lent>;
  readonly verdict: Verdict;
}

const LINGER_MS = 50;
const REST_MS = 500;

/** A runner that is right, but for its defect: one long poll at a time, outcomes told a moment later, leases renewed. */
export class BrokenRunner implements Runner<Lent> {
  readonly maxMessageBytes = 1_000;
  readonly #source: SmallSource;
  readonly #exists: boolean;
  readonly #defect: RunnerDefect;
  readonly #here = new Map<number, Delivery<Lent>>();
  #outbox: Told[] = [];
  #telling: Promise<void> | undefined;
  #linger: Timer | undefined;
  #renewal: Timer | undefined;
  #life = new AbortController();
  #intake: Intake<Lent> | undefined;
  #unconfirmed = 0;
  #hasEnded = false;

  constructor(source: SmallSource, options: { defect: RunnerDefect; exists?: boolean }) {
    this.#source = source;
    this.#defect = options.defect;
    this.#exists = options.exists ?? true;
  }

  async open(intake: Intake<Lent>): Promise<void> {
    this.#intake = intake;
    this.#life = new AbortController();
    if (!this.#exists && this.#has("leaves a timer when it cannot open"))
      intake.clock.setTimer(() => undefined, 60_000);
    if (!this.#exists && !this.#has("opens though there is no source")) throw new Error("there is no such source");
    this.#source.onTakenBack = (handle) => this.#revoke(handle);
    if (!this.#has("lets leases lapse")) this.#renewLater(intake.clock);
  }

  async run(intake: Intake<Lent>): Promise<void> {
    const { signal } = intake;
    if (this.#has("goes on asking after a stop")) void this.#askOn();
    while (!signal.aborted && !(this.#has("cannot be started again") && this.#hasEnded)) {
      if (this.#has("asks without places")) await this.#askFirst(intake);
      const places = await intake.take(10);
      if (places === 0) break;
      const receiving = this.#receive(intake, places);
      if (this.#has("resolves run before its requests have ended")) await Promise.race([receiving, aborted(signal)]);
      else await receiving;
    }
    this.#hasEnded = true;
  }

  async close(signal: AbortSignal): Promise<void> {
    const end = (): void => this.#life.abort(signal.reason);
    if (!this.#has("takes all the time it wants to close")) signal.addEventListener("abort", end);
    if (signal.aborted) end();
    this.#linger?.cancel();
    if (!this.#has("waits for a timer of an earlier life")) this.#linger = undefined;
    if (this.#has("forgets to flush in close")) this.#outbox = [];
    while (this.#outbox.length > 0 || this.#telling !== undefined) await this.#tell();
    if (!this.#has("leaves its renewals running")) this.#renewal?.cancel();
    this.#renewal = undefined;
  }

  stats(): RunnerStats {
    return { receivesInFlight: this.#source.polls, settlementsPending: this.#unconfirmed };
  }

  async #receive(intake: Intake<Lent>, places: number): Promise<void> {
    const request = new AbortController();
    const end = (): void => request.abort(intake.deadlineSignal.reason);
    if (!this.#has("does not end its request at the deadline")) intake.deadlineSignal.addEventListener("abort", end);
    const extra = this.#has("asks for one more than it has places") ? 1 : 0;
    let used = 0;
    try {
      for (const lent of await this.#source.receive(places + extra, request.signal)) {
        used += 1;
        this.#deliver(intake, lent);
      }
    } catch (error) {
      await this.#endure(intake, error);
      if (this.#has("keeps the places of requests that failed")) return;
    } finally {
      intake.deadlineSignal.removeEventListener("abort", end);
    }
    if (!this.#has("forgets to give places back")) intake.giveBack(places - used);
    if (this.#has("gives places back twice")) intake.giveBack(places - used);
    if (this.#has("waits for all that one request brought")) await this.#untilNothingIsHere(intake.signal);
  }

  async #askFirst(intake: Intake<Lent>): Promise<void> {
    for (const lent of await this.#source.receive(1, intake.deadlineSignal).catch(() => [])) {
      await intake.take(1);
      this.#deliver(intake, lent);
    }
  }

  /** A request has failed: that is reported, and the source left alone for a while. */
  async #endure(intake: Intake<Lent>, error: unknown): Promise<void> {
    if (intake.signal.aborted) return;
    if (this.#has("ends when a request fails")) throw error;
    if (!this.#has("says nothing of failures")) intake.report(error);
    if (this.#has("tries again at once after a failure")) return;
    await pause(intake, REST_MS);
  }

  #deliver(intake: Intake<Lent>, lent: Lent): void {
    const delivery: Delivery<Lent> = {
      message: lent,
      attempt: this.#has("says that every attempt is the first") ? 1 : lent.attempt,
      receivedAt: new Date(),
      sizeBytes: this.#has("does not say how large a message is") ? undefined : lent.body.length,
      settle: (outcome) => this.#settle(delivery, outcome),
    };
    this.#here.set(lent.handle, delivery);
    intake.deliver(delivery);
    if (this.#has("delivers a message twice")) intake.deliver({ ...delivery });
  }

  #settle(delivery: Delivery<Lent>, outcome: Outcome): "later" | void {
    this.#here.delete(delivery.message.handle);
    if (outcome.kind === "release" && this.#has("tells the source of no release")) return;
    this.#outbox.push({ delivery, verdict: this.#judge(outcome) });
    this.#tellLater();
    if (this.#has("confirms before it has told the source")) return;
    this.#unconfirmed += 1;
    return this.#has("answers nothing, and confirms later") ? undefined : "later";
  }

  #judge(outcome: Outcome): Verdict {
    switch (outcome.kind) {
      case "ack":
        return "delete";
      case "drop":
        return this.#has("takes a drop for a retry") ? 0 : "delete";
      case "retry":
        return this.#has("swallows the delay of a retry") ? 0 : outcome.afterSeconds * 1_000;
      case "release":
        return 0;
      case "deadLetter":
        return this.#has("swallows dead letters") ? "delete" : "dead";
    }
  }

  #tellLater(): void {
    this.#linger ??= (this.#intake as Intake<Lent>).clock.setTimer(() => {
      this.#linger = undefined;
      void this.#tell();
    }, LINGER_MS);
  }

  /** Tells the source everything that is to be told; one call at a time. */
  #tell(): Promise<void> {
    this.#telling ??= this.#tellAll().finally(() => (this.#telling = undefined));
    return this.#telling;
  }

  async #tellAll(): Promise<void> {
    const intake = this.#intake as Intake<Lent>;
    const { signal } = this.#life;
    for (let told = this.#outbox[0]; told !== undefined; told = this.#outbox[0]) {
      try {
        await this.#source.tell(told.delivery.message.handle, told.verdict, signal);
        this.#outbox.shift();
        this.#confirm(intake, told);
      } catch (error) {
        if (signal.aborted) for (const lost of this.#outbox.splice(0)) this.#confirm(intake, lost, error);
        else await pause({ clock: intake.clock, signal }, REST_MS);
      }
    }
  }

  #confirm(intake: Intake<Lent>, { delivery }: Told, error?: unknown): void {
    if (this.#has("confirms before it has told the source")) return;
    if (!this.#has("counts settlements for ever")) this.#unconfirmed -= 1;
    intake.settled(delivery, error);
    if (this.#has("confirms twice")) intake.settled(delivery, error);
  }

  #revoke(handle: number): void {
    const delivery = this.#here.get(handle);
    if (delivery === undefined || this.#has("keeps to itself what was taken back")) return;
    this.#intake?.revoke(delivery, new Error("the source has taken the message back"));
  }

  #renewLater(clock: Clock): void {
    this.#renewal = clock.setTimer(() => {
      for (const handle of [...this.#here.keys(), ...this.#outbox.map(({ delivery }) => delivery.message.handle)]) {
        this.#source.renew(handle, this.#life.signal).catch(() => undefined); // There is another, before it lapses.
      }
      this.#renewLater(clock);
    }, LEASE_MS / 3);
  }

  async #askOn(): Promise<void> {
    for (;;) await this.#source.receive(1, new AbortController().signal).catch(() => undefined);
  }

  async #untilNothingIsHere(signal: AbortSignal): Promise<void> {
    while (this.#here.size > 0 && !signal.aborted) await pause({ clock: (this.#intake as Intake).clock, signal }, 10);
  }

  #has(defect: RunnerDefect): boolean {
    return this.#defect === defect;
  }
}

/** Waits for so long, or until the signal aborts. */
function pause({ clock, signal }: { clock: Clock; signal: AbortSignal }, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      timer.cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = clock.setTimer(end, delayMs);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
