// Stands between a consumer and the runner under test, passes everything on, and notes what breaks the contract.

import { setImmediate } from "node:timers";
import type { Clock } from "../../internal/clock.js";
import type { Outcome } from "../../runner/outcome.js";
import type { Delivery, Intake, Runner, RunnerEvents, RunnerStats, SettleFacts } from "../../runner/runner.js";

/** So many calls in one turn of the event loop are a loop that nothing will end. */
const MOST_CALLS_A_TURN = 1_000;

type Confirmation = ReturnType<Delivery["settle"]>;

interface Watched<Message> {
  /** What the consumer is given in place of the runner's own delivery. */
  readonly seen: Delivery<Message>;
  isSettled: boolean;
  isConfirmed: boolean;
  /** How often `intake.settled` was called for it. */
  settledCalls: number;
}

type RunState = "not called" | "running" | "resolved" | "rejected";

/** A runner and what was seen of it. */
export class WatchedRunner<Message> implements Runner<Message> {
  /** What it did that it must not, in words. */
  readonly complaints: string[] = [];
  readonly reported: unknown[] = [];
  runState: RunState = "not called";
  /** Whether `close` was called and has ended since the last `open`. */
  isClosed = true;
  /** Places that were taken, and neither used nor given back. */
  places = 0;
  delivered = 0;
  readonly #inner: Runner<Message>;
  readonly #deliveries = new Map<Delivery<Message>, Watched<Message>>();
  #intake: WatchedIntake<Message> | undefined;
  #callsThisTurn = 0;

  constructor(inner: Runner<Message>) {
    this.#inner = inner;
  }

  get maxMessageBytes(): number | undefined {
    return this.#inner.maxMessageBytes;
  }

  /** Outcomes that the runner was told and has not confirmed. */
  get unconfirmed(): number {
    return [...this.#deliveries.values()].filter(({ isSettled, isConfirmed }) => isSettled && !isConfirmed).length;
  }

  async open(intake: Intake<Message>): Promise<void> {
    this.isClosed = false;
    this.runState = "not called";
    this.places = 0;
    this.#deliveries.clear();
    this.#intake = new WatchedIntake(intake, this);
    await this.#inner.open?.(this.#intake);
  }

  async run(): Promise<void> {
    this.runState = "running";
    try {
      await this.#inner.run(this.#intake as Intake<Message>);
      this.runState = "resolved";
      if (this.places !== 0) this.complain(`run resolved while it still had ${this.places} places`);
    } catch (error) {
      this.runState = "rejected";
      throw error;
    }
  }

  pause(): void {
    this.#inner.pause?.();
  }

  async close(signal: AbortSignal): Promise<void> {
    try {
      await this.#inner.close?.(signal);
    } finally {
      this.isClosed = true;
    }
  }

  stats(): RunnerStats {
    return this.#inner.stats?.() ?? { receivesInFlight: 0, settlementsPending: 0 };
  }

  complain(complaint: string): void {
    if (!this.complaints.includes(complaint)) this.complaints.push(complaint);
  }

  /** Counts calls that come without the event loop turning. False when there are so many that nothing else happens. */
  allows(call: string): boolean {
    if (this.#callsThisTurn === 0) setImmediate(() => (this.#callsThisTurn = 0));
    this.#callsThisTurn += 1;
    if (this.#callsThisTurn <= MOST_CALLS_A_TURN) return true;
    this.complain(`${call} was called ${MOST_CALLS_A_TURN} times in one turn of the event loop: a hot loop`);
    return false;
  }

  /** Notes a delivery and gives what the consumer is to see of it. */
  noteDelivery(delivery: Delivery<Message>): Delivery<Message> {
    const earlier = this.#deliveries.get(delivery);
    if (earlier !== undefined && !earlier.isConfirmed) this.complain("a delivery was delivered twice");
    if (this.places <= 0) this.complain("a message was delivered for which no place was taken");
    if (this.runState === "resolved") this.complain("a message was delivered after run had resolved");
    if (!(Number.isInteger(delivery.attempt) && delivery.attempt >= 1)) {
      this.complain(`a delivery's attempt is ${String(delivery.attempt)}, and not a whole number from 1`);
    }
    if (!(delivery.receivedAt instanceof Date)) this.complain("a delivery's receivedAt is not a Date");
    this.#checkSize(delivery);
    this.places -= 1;
    this.delivered += 1;
    const watched: Watched<Message> = {
      seen: watchSettle(delivery, (outcome, facts) => this.#settle(delivery, outcome, facts)),
      isSettled: false,
      isConfirmed: false,
      settledCalls: 0,
    };
    this.#deliveries.set(delivery, watched);
    return watched.seen;
  }

  /** Notes that `intake.settled` was called; answers what the consumer knows the delivery as. */
  noteSettled(delivery: Delivery<Message>): Delivery<Message> {
    const watched = this.#deliveries.get(delivery);
    if (watched === undefined) {
      this.complain("intake.settled was called for something that was not delivered");
      return delivery;
    }
    watched.settledCalls += 1;
    if (!watched.isSettled) this.complain("intake.settled was called before the delivery was settled");
    if (watched.isConfirmed) this.complain("an outcome was confirmed twice");
    watched.isConfirmed = true;
    return watched.seen;
  }

  /** What the consumer knows a delivery as. */
  seenOf(delivery: Delivery<Message>): Delivery<Message> {
    const watched = this.#deliveries.get(delivery);
    if (watched === undefined) this.complain("intake.revoke was called for something that was not delivered");
    return watched?.seen ?? delivery;
  }

  #checkSize({ sizeBytes = NaN }: Delivery<Message>): void {
    const { maxMessageBytes } = this.#inner;
    if (maxMessageBytes === undefined || (sizeBytes >= 0 && sizeBytes <= maxMessageBytes)) return;
    this.complain(`a delivery's sizeBytes is ${sizeBytes}, and the runner's maxMessageBytes ${maxMessageBytes}`);
  }

  #settle(delivery: Delivery<Message>, outcome: Outcome, facts: SettleFacts): Confirmation {
    const watched = this.#deliveries.get(delivery) as Watched<Message>;
    watched.isSettled = true;
    const answer = delivery.settle(outcome, facts);
    if (answer === "later") return answer;
    if (answer === undefined) {
      this.#confirm(watched);
      return answer;
    }
    if (!(answer instanceof Promise)) this.complain("settle answered with neither a promise, nothing, nor 'later'");
    const confirm = (): void => this.#confirm(watched);
    void Promise.resolve(answer).then(confirm, confirm);
    return answer;
  }

  #confirm(watched: Watched<Message>): void {
    if (watched.settledCalls > 0) {
      this.complain("intake.settled was called for a delivery whose settle had not returned 'later'");
    }
    watched.isConfirmed = true;
  }
}

/** The intake that the runner is given. */
class WatchedIntake<Message> implements Intake<Message> {
  readonly #intake: Intake<Message>;
  readonly #watched: WatchedRunner<Message>;

  constructor(intake: Intake<Message>, watched: WatchedRunner<Message>) {
    this.#intake = intake;
    this.#watched = watched;
  }

  get signal(): AbortSignal {
    return this.#intake.signal;
  }

  get deadlineSignal(): AbortSignal {
    return this.#intake.deadlineSignal;
  }

  get clock(): Clock {
    return this.#intake.clock;
  }

  async take(atMost: number): Promise<number> {
    const watched = this.#watched;
    if (!(Number.isInteger(atMost) && atMost > 0)) watched.complain(`take was called with ${String(atMost)}`);
    if (watched.runState === "resolved") watched.complain("take was called after run had resolved");
    if (!watched.allows("take")) return this.#waitForEnd();
    const places = await this.#intake.take(atMost);
    watched.places += places;
    return places;
  }

  giveBack(places: number): void {
    const watched = this.#watched;
    if (!(Number.isInteger(places) && places >= 0 && places <= watched.places)) {
      watched.complain(`${String(places)} places were given back by a runner that had ${watched.places}`);
    }
    watched.places -= places;
    this.#intake.giveBack(places);
  }

  deliver(delivery: Delivery<Message>): void {
    this.#intake.deliver(this.#watched.noteDelivery(delivery));
  }

  revoke(delivery: Delivery<Message>, reason: Error): void {
    this.#intake.revoke(this.#watched.seenOf(delivery), reason);
  }

  settled(delivery: Delivery<Message>, error?: unknown): void {
    this.#intake.settled(this.#watched.noteSettled(delivery), error);
  }

  report(error: unknown): void {
    if (!this.#watched.allows("report")) throw new Error("a hot loop of reports");
    this.#watched.reported.push(error);
    this.#intake.report(error);
  }

  note<Name extends keyof RunnerEvents<Message>>(name: Name, facts: RunnerEvents<Message>[Name]): void {
    this.#intake.note(name, facts);
  }

  #waitForEnd(): Promise<number> {
    return new Promise((resolve) => {
      const { signal } = this.#intake;
      if (signal.aborted) resolve(0);
      signal.addEventListener("abort", () => resolve(0), { once: true });
    });
  }
}

/** The delivery with another `settle`; everything else is its own. */
function watchSettle<Message>(
  delivery: Delivery<Message>,
  settle: (outcome: Outcome, facts: SettleFacts) => Confirmation,
): Delivery<Message> {
  return new Proxy(delivery, {
    get(target, name) {
      if (name === "settle") return settle;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" && name !== "message" ? (value.bind(target) as unknown) : value;
    },
  });
}
