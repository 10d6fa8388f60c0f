// Order: the messages of a lane have their turns one after another, the lanes beside each other.
import type { Outcome } from "../runner/outcome.js";
import { RingBuffer } from "../worker/ring-buffer.js";

/** The messages of one lane that are here. */
export interface Lane<Member> {
  readonly name: string;
  /** Whose turn it is. */
  current: Member;
  /** Whether the source has confirmed what becomes of it, or said that it cannot. */
  isConfirmed: boolean;
  /** Whether it was decided a moment ago that it will come again: what is delivered in one go with it came behind it. */
  isHalted: boolean;
  /** Those whose turn has not come, in order. */
  readonly waiting: RingBuffer<Member>;
}

/** A message on its way through a lane. */
export interface LaneMember<Member> {
  /** The lane that it is in, until it has left it. Set by `Lanes`. */
  lane: Lane<Member> | undefined;
  /** Whether its handler runs. */
  readonly isRunning: boolean;
  /** Gives the message back without its handler. */
  giveBack(): void;
}

/** What lanes need of their consumer. */
export interface LanesHost<Member> {
  /** Has the member's handler called, for the place that was taken. */
  start(member: Member): void;
  /** Gives up a place: its message waits here, and not for a slot. */
  freePlace(): void;
  /** Takes a place, whether there is one or not, for a message that had given it up. */
  makePlace(): void;
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
 */
export class Lanes<Member extends LaneMember<Member>> {
  readonly #host: LanesHost<Member>;
  readonly #lanes = new Map<string, Lane<Member>>();
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
      member.lane = { name, current: member, isConfirmed: false, isHalted: false, waiting: new RingBuffer() };
      this.#lanes.set(name, member.lane);
      this.#host.start(member);
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
  }

  /** What is to become of a message is decided. */
  decided(member: Member, { kind }: Outcome): void {
    const isDone = kind === "ack" || kind === "drop" || kind === "deadLetter";
    if (isDone) return;
    this.#giveBackBehind(member);
    if (member.lane?.current === member) halt(member.lane);
  }

  /** The source has confirmed what was decided, or with an error cannot. */
  confirmed(member: Member, error: unknown): void {
    if (error !== undefined) this.#giveBackBehind(member);
    const { lane } = member;
    if (lane?.current !== member) return;
    lane.isConfirmed = true;
    this.#endTurn(lane);
  }

  /** A handler has ended whose message was settled without it. */
  ended(member: Member): void {
    const { lane } = member;
    if (lane?.current === member) this.#endTurn(lane);
  }

  /** Takes out everything whose turn has not come, in order. */
  withdraw(): Member[] {
    return [...this.#lanes.values()].flatMap(({ waiting }) => this.#leave(waiting.clear()));
  }

  /** In a microtask: sources and handlers that answer at once would otherwise fill the stack. */
  #endTurn(lane: Lane<Member>): void {
    if (lane.isConfirmed && !lane.current.isRunning) queueMicrotask(() => this.#advance(lane));
  }

  #advance(lane: Lane<Member>): void {
    lane.current.lane = undefined;
    const next = lane.waiting.shift();
    if (next === undefined) {
      this.#lanes.delete(lane.name);
      return;
    }
    lane.current = next;
    lane.isConfirmed = false;
    this.#waiting -= 1;
    if (this.#placesKept > 0) this.#placesKept -= 1;
    else this.#host.makePlace();
    this.#host.start(next);
  }

  /** Gives back everything behind a message of a lane. The message itself leaves too, unless it has its turn. */
  #giveBackBehind(member: Member): void {
    const { lane } = member;
    if (lane === undefined) return;
    const waiting = lane.waiting.clear();
    const position = Math.max(0, waiting.indexOf(member)); // For the one that has its turn, all are behind it.
    for (const earlier of waiting.slice(0, position)) lane.waiting.push(earlier);
    for (const later of this.#leave(waiting.slice(position))) later.giveBack();
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

/** Until the end of the tick. What comes later may be the message itself, come again. */
function halt(lane: Lane<unknown>): void {
  lane.isHalted = true;
  queueMicrotask(() => (lane.isHalted = false));
}
