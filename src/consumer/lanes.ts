// Order: the messages of a lane have their turns one after another, the lanes beside each other.
import { Registry } from "../internal/registry.js";
import type { Outcome } from "../runner/outcome.js";
import { RingBuffer } from "../worker/ring-buffer.js";

/** The messages of one lane that are here. */
export interface Lane<Member> {
  readonly name: string;
  /**
   * Those whose turn it is, in order, until the source has confirmed what becomes of them: one, or several that a handler
   * gathers to work on them together.
   */
  readonly started: Member[];
  /** Those whose turn has not come, in order. */
  readonly waiting: RingBuffer<Member>;
  /** Those that go back when the ones before them have that were overruled. */
  readonly returning: Member[];
  /** Whether it was decided a moment ago that one will come again: what is delivered in one go with it came behind it. */
  isHalted: boolean;
  /** Whether what was held behind one that is done is being told. */
  isTelling: boolean;
}

/** A message on its way through a lane. */
export interface LaneMember<Member> {
  /** The lane that it is in, until it has left it. Set by `Lanes`. */
  lane: Lane<Member> | undefined;
  /** Whether the source has confirmed what becomes of it, or said that it cannot. Set by `Lanes`. */
  isConfirmed: boolean;
  /** Whether its handler runs. */
  readonly isRunning: boolean;
  /** Whether it is decided what becomes of it. */
  readonly isSettled: boolean;
  /** Whether its handler has said what becomes of it, and that waits for the one before. */
  readonly isHeld: boolean;
  /** Whether it was overruled, and its handler has not ended. */
  readonly isGoingBack: boolean;
  /** Whether its handler wants the next of the lane beside it. */
  readonly wantsNext: boolean;
  /** Gives the message back without its handler. */
  giveBack(): void;
  /** Gives the message back though its handler may run: one before it will come again. */
  overrule(): void;
  /** Tells what was held. */
  tellHeld(): void;
  /** Called when those before it are done. */
  becomeFirst(): void;
}

/** What lanes need of their consumer. */
export interface LanesHost<Member> {
  /** Has the member's handler called, for the place that was taken. */
  start(member: Member): void;
  /** Gives up a place: its message waits here, and not for a slot. */
  freePlace(): void;
  /** Takes a place, whether there is one or not, for a message that had given it up. */
  makePlace(): void;
  /** Takes out what is here of the lane and has not entered it, in order. */
  takeParked(name: string): Member[];
}

/**
 * The most messages that wait here without a place. Past it they keep their places, so that receiving ends. SQS gives at
 * most ten of a group at a time; other sources may send any number.
 */
const MOST_WITHOUT_PLACE = 10_000;

/**
 * Turns by lanes. The next of a lane starts when the source has confirmed that the one before is done: were that to fail,
 * the one before would come again after a later one. When one is not done, everything behind it goes back to the source
 * for the same reason.
 *
 * A handler that gathers messages may want the next beside the one that it has. Both then have their turn, and are told to
 * the source in order: what becomes of one is held until the one before it is done.
 */
export class Lanes<Member extends LaneMember<Member>> {
  readonly #host: LanesHost<Member>;
  readonly #lanes = new Registry<string, Lane<Member>>();
  #waiting = 0;
  #placesKept = 0;

  constructor(host: LanesHost<Member>) {
    this.#host = host;
  }

  /** How many wait for their turn. */
  get waiting(): number {
    return this.#waiting;
  }

  /** A message of the lane has come, for a place that was taken. */
  enter(name: string, member: Member): void {
    const lane = this.#lanes.get(name);
    if (lane === undefined) {
      this.#start(this.#open(name), member);
      return;
    }
    if (lane.isHalted) {
      this.#host.freePlace();
      member.giveBack();
      return;
    }
    member.lane = lane;
    lane.waiting.push(member);
    this.#waiting += 1;
    if (this.#waiting - this.#placesKept > MOST_WITHOUT_PLACE) this.#placesKept += 1;
    else this.#host.freePlace();
    this.goOn(member);
  }

  /** The one before it in its lane, if that is not through. */
  before(member: Member): Member | undefined {
    const { lane } = member;
    return lane?.started[lane.started.indexOf(member) - 1];
  }

  /** What is to become of a message is decided, and told. */
  decided(member: Member, outcome: Outcome): void {
    const { lane } = member;
    if (lane === undefined) return;
    if (isDone(outcome)) {
      this.#tellHeld(lane, member);
      return;
    }
    const hasItsTurn = lane.started.includes(member);
    this.#giveBackBehind(member);
    if (hasItsTurn) halt(lane);
  }

  /** Whether an outcome must wait until the one before is done, which might come again otherwise, and after this one. */
  holds(member: Member, outcome: Outcome): boolean {
    return isDone(outcome) && this.before(member)?.isSettled === false;
  }

  /** The source has confirmed what was decided, or with an error cannot. */
  confirmed(member: Member, error: unknown): void {
    if (error !== undefined) this.#giveBackBehind(member);
    member.isConfirmed = true;
    this.#endTurn(member);
  }

  /** A handler has ended whose message was settled without it. */
  ended(member: Member): void {
    this.#endTurn(member);
  }

  /** Starts the next of the member's lane beside it, if there is one and the handler wants it. */
  goOn({ lane }: Member): void {
    if (lane === undefined || !isNextWanted(lane)) return;
    queueMicrotask(() => {
      if (isNextWanted(lane)) this.#advance(lane);
    });
  }

  /** Takes out everything whose turn has not come, in order. */
  withdraw(): Member[] {
    return this.#lanes.values().flatMap(({ waiting }) => this.#leave(waiting.clear()));
  }

  #open(name: string): Lane<Member> {
    const lane = {
      name,
      started: [],
      waiting: new RingBuffer<Member>(),
      returning: [],
      isHalted: false,
      isTelling: false,
    };
    this.#lanes.set(name, lane);
    return lane;
  }

  #start(lane: Lane<Member>, member: Member): void {
    member.lane = lane;
    lane.started.push(member);
    this.#host.start(member);
  }

  /** In a microtask: sources and handlers that answer at once would otherwise fill the stack. */
  #endTurn(member: Member): void {
    const { lane } = member;
    if (lane !== undefined && member.isConfirmed && !member.isRunning)
      queueMicrotask(() => this.#endTurnNow(lane, member));
  }

  #endTurnNow(lane: Lane<Member>, member: Member): void {
    const position = lane.started.indexOf(member);
    lane.started.splice(position, 1);
    member.lane = undefined;
    if (position === 0) lane.started[0]?.becomeFirst();
    if (lane.started.length === 0 || isNextWanted(lane)) this.#advance(lane);
  }

  #advance(lane: Lane<Member>): void {
    const next = lane.waiting.shift();
    if (next === undefined) {
      this.#lanes.delete(lane.name);
      return;
    }
    this.#waiting -= 1;
    if (this.#placesKept > 0) this.#placesKept -= 1;
    else this.#host.makePlace();
    this.#start(lane, next);
  }

  /** Tells what was held behind a member that is done, up to the next that is not. */
  #tellHeld(lane: Lane<Member>, member: Member): void {
    if (lane.isTelling) return; // Each that is told comes here again.
    lane.isTelling = true;
    for (let position = lane.started.indexOf(member) + 1; lane.started[position]?.isHeld === true; position += 1) {
      lane.started[position]?.tellHeld();
    }
    lane.isTelling = false;
  }

  /** Gives back everything behind a message of a lane. The message itself leaves too, unless it has its turn. */
  #giveBackBehind(member: Member): void {
    const { lane } = member;
    if (lane === undefined) return;
    const turn = lane.started.indexOf(member);
    const startedLater = turn === -1 ? [] : lane.started.slice(turn + 1);
    const waiting = lane.waiting.clear();
    const position = Math.max(0, waiting.indexOf(member)); // For one that has its turn, all are behind it.
    for (const earlier of waiting.slice(0, position)) lane.waiting.push(earlier);
    lane.returning.push(...this.#leave(waiting.slice(position)), ...this.#host.takeParked(lane.name));
    for (const later of startedLater) later.overrule();
    if (lane.started.some(({ isGoingBack }) => isGoingBack)) return; // They come first.
    for (const later of lane.returning.splice(0)) later.giveBack();
  }

  #leave(members: Member[]): Member[] {
    for (const member of members) {
      member.lane = undefined;
      this.#waiting -= 1;
      if (this.#placesKept === 0) continue;
      this.#placesKept -= 1;
      this.#host.freePlace();
    }
    return members;
  }
}

function isNextWanted<Member extends LaneMember<Member>>({ started, waiting }: Lane<Member>): boolean {
  return waiting.size > 0 && started.at(-1)?.wantsNext === true;
}

function isDone({ kind }: Outcome): boolean {
  return kind === "ack" || kind === "drop" || kind === "deadLetter";
}

/** Until the end of the tick. What comes later may be the message itself, come again. */
function halt(lane: Lane<unknown>): void {
  lane.isHalted = true;
  queueMicrotask(() => (lane.isHalted = false));
}
