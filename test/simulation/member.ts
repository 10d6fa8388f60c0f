// One consumer of a history, with everything that is written down about it.
import type {
  Consumer,
  ConsumerStats,
  ErrorCode,
  MillraceError,
  Message,
  Outcome,
  PoolWorker,
  StopResult,
} from "millrace";
import type { Resources } from "./consumer-parts.js";
import type { Run } from "./handler-side.js";
import type { ConsumerPlan, Reaction, TenantPlan } from "./history.js";
import type { Process } from "./process.js";
import type { WitnessedRequest } from "./witness-port.js";

type Noted = "redelivered" | "revoked" | "revokedRunning" | "backedOff" | "started" | "paused" | "resumed";

/** What is told of a member. */
export interface MemberEvents {
  readonly stopping: (member: Member) => void;
  readonly stopped: (member: Member, result: StopResult) => void;
  readonly settled: (member: Member, message: Message, outcome: Outcome) => void;
  readonly error: (member: Member, error: MillraceError) => void;
  readonly noted: (member: Member, what: Noted, message: Message | undefined) => void;
  readonly react: (member: Member, reaction: Reaction) => void;
}

/** What a member is made of. */
export interface MemberParts {
  readonly index: number;
  readonly plan: ConsumerPlan;
  readonly consumer: Consumer;
  readonly process: Process;
  readonly resources: Resources;
  readonly isFifo: boolean;
  /** The pool whose size may be changed, if it has one. */
  readonly pool: PoolWorker | undefined;
  /** What the plan says of slots; the group's pool for a share. */
  readonly slots: number;
  /** The most messages that may wait here. */
  readonly room: number;
}

export class Member {
  readonly index: number;
  readonly plan: ConsumerPlan;
  readonly consumer: Consumer;
  readonly process: Process;
  readonly resources: Resources;
  readonly isFifo: boolean;
  readonly pool: PoolWorker | undefined;
  readonly room: number;
  /** The most handlers, or permits, at once, as it is now. */
  capacity: number;
  /** The most that it was within this history. */
  mostCapacity: number;
  tenants: TenantPlan | undefined;
  readonly running: Set<Run> = new Set();
  readonly requestsOut: Set<WitnessedRequest> = new Set();
  /** Handles that came to it, and by which receive. */
  readonly handles: Map<string, WitnessedRequest> = new Map();
  /** Copies of messages that it has sent to the dead letters, by body. */
  readonly copies: Set<string> = new Set();
  /** When its lease of a message was lost, by message id. */
  readonly revokedAtMs: Map<string, number> = new Map();
  /** The newer handles of messages that came again while they were here. */
  readonly newerHandles: WeakMap<Message, string | undefined> = new WeakMap();
  /** When a message was last given back, by message id. */
  readonly returnedAtMs: Map<string, number> = new Map();
  /** The same of those that were to come again later. */
  readonly retriedAtMs: Map<string, number> = new Map();
  readonly errors: Array<{ readonly code: ErrorCode; readonly atMs: number }> = [];
  readonly startsAtMs: number[] = [];
  /** When its last life ended; what came before that is not its present life's concern. */
  lastStoppedAtMs: number = -Infinity;
  /** How many errors there were before the latest stop. */
  errorsBeforeStop = 0;
  /** What it had when the latest stop was called. */
  atStop: ConsumerStats | undefined;
  /** How many messages went back after that and before the stop began, in the same tick: by a pause, or behind a retry. */
  refusedAtStop = 0;
  /** How many handlers were told to end by stops that are over. */
  toldByEarlierStops = 0;
  /** When the stop that is under way was called first. */
  stopCalledAtMs: number | undefined;
  /** When the time of that stop is over. */
  stopEndsAtMs: number = Infinity;
  resumes = 0;
  pausedAtMs: number = -Infinity;

  constructor(parts: MemberParts) {
    this.index = parts.index;
    this.plan = parts.plan;
    this.consumer = parts.consumer;
    this.process = parts.process;
    this.resources = parts.resources;
    this.isFifo = parts.isFifo;
    this.pool = parts.pool;
    this.room = parts.room;
    this.capacity = parts.slots;
    this.mostCapacity = parts.slots;
    this.tenants = parts.plan.tenants;
  }

  /** When it was last told to start. */
  get startCalledAtMs(): number {
    return this.startsAtMs.at(-1) ?? -Infinity;
  }

  get isAlive(): boolean {
    return this.consumer.state === "starting" || this.consumer.state === "running";
  }

  /**
   * When a message came to it. Not by a poll that was aborted before its answer was here, or in that very moment: that strands
   * what it brought (see `pollGraceMs`).
   */
  cameAtMs(handle: string | undefined): number | undefined {
    const receive = this.handles.get(handle ?? "");
    if (receive?.endedAtMs === undefined) return undefined;
    return receive.abortedAtMs !== undefined && receive.abortedAtMs <= receive.endedAtMs
      ? undefined
      : receive.endedAtMs;
  }

  get permitsTaken(): number {
    let taken = 0;
    for (const run of this.running) taken += this.permitsOf(run);
    return taken;
  }

  permitsOf(run: Run): number {
    const { worker } = this.plan;
    return worker.kind === "semaphore" && worker.isWeighted ? Math.min(run.weight, worker.permits) : 1;
  }

  /** Places that receives have asked for and not yet been answered about; an aborted one asks no more. */
  get placesAsked(): number {
    let asked = 0;
    for (const { asked: places, abortedAtMs } of this.requestsOut) asked += abortedAtMs === undefined ? places : 0;
    return asked;
  }

  resize(slots: number): void {
    this.capacity = slots;
    this.mostCapacity = Math.max(this.mostCapacity, slots);
    if (this.pool === undefined) this.consumer.setConcurrency(slots);
    else this.pool.resize({ maxWorkers: slots });
  }

  listen(events: MemberEvents): void {
    const { consumer } = this;
    consumer.on("stopping", () => {
      this.errorsBeforeStop = this.errors.length;
      this.#noteStats();
      events.stopping(this);
    });
    consumer.on("stopped", (result) => events.stopped(this, result));
    consumer.on("error", (error) => {
      this.errors.push({ code: error.code, atMs: this.process.now() });
      events.error(this, error);
    });
    consumer.on("paused", () => {
      this.pausedAtMs = this.process.now();
      events.noted(this, "paused", undefined);
    });
    for (const name of ["started", "resumed"] as const) consumer.on(name, () => events.noted(this, name, undefined));
    consumer.on("redelivered", ({ message }) => events.noted(this, "redelivered", message));
    consumer.on("backedOff", () => events.noted(this, "backedOff", undefined));
    consumer.on("messageRevoked", ({ message, wasRunning }) =>
      events.noted(this, wasRunning ? "revokedRunning" : "revoked", message),
    );
    consumer.on("settled", ({ message, outcome }) => events.settled(this, message, outcome));
    for (const reaction of this.plan.reactions) {
      let left = reaction.times;
      consumer.on(reaction.event, () => {
        left -= 1;
        if (left >= 0) events.react(this, reaction);
      });
    }
    if (this.plan.isHostile) this.#listenBadly();
  }

  #noteStats(): void {
    const atStop = this.consumer.stats();
    this.atStop = atStop;
    this.refusedAtStop = 0;
    // The stop itself begins in the microtask before this one, and gives nothing back yet.
    queueMicrotask(() => {
      const begun = this.consumer.stats();
      const ended = countEnded(begun) - countEnded(atStop);
      this.refusedAtStop = Math.max(0, begun.settlementsPending - atStop.settlementsPending - ended);
    });
  }

  #listenBadly(): void {
    for (const name of ["received", "messageStarted", "messageFinished", "settled", "error", "stopping"] as const) {
      this.consumer.on(name, () => {
        throw new Error(`a listener of ${name} has failed`);
      });
      this.consumer.on(name, async () => Promise.reject(new Error(`a listener of ${name} has rejected`)));
    }
  }
}

function countEnded({ counters, running }: ConsumerStats): number {
  return counters.started - running;
}

/** `…-000000000012` as `m12`. */
export function shortId(messageId: string | undefined): string {
  return `m${Number(messageId?.slice(-12))}`;
}
