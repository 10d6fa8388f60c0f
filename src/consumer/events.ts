// The events of a consumer, from name to payload, and the emitter that keeps listeners from doing harm.
import { EventEmitter } from "eventemitter3";
import { type MillraceError, OptionError } from "../errors.js";
import { describeNames } from "../internal/nearest-name.js";
import { whenRejected } from "../internal/silence.js";
import type { Outcome } from "../runner/outcome.js";
import type { RunnerEvents } from "../runner/runner.js";
import type { StopResult } from "./stop.js";

/** A message and how often it has been delivered. */
export interface MessageFacts<Message> {
  readonly message: Message;
  readonly attempt: number;
}

/** Facts, each as the one argument of a listener. */
type EventsOf<Facts> = { [Name in keyof Facts]: [facts: Facts[Name]] };

/** Every event of a consumer, with what its listeners are called with. Events are facts: each is told after it happened. */
export interface ConsumerEvents<Message = unknown> extends EventsOf<RunnerEvents<Message>> {
  /** The source was reached and messages are being asked for. */
  started: [];
  /** `stop()` was called, or the source ended. */
  stopping: [];
  /** Nothing runs any more. */
  stopped: [result: StopResult];
  /**
   * Nothing more is asked for: `pause()` was called, or a handler has paused its queue, then for `forMs` milliseconds.
   */
  paused: [facts: { readonly forMs: number | undefined }];
  /** Messages are asked for again: `resume()` was called, or the time is over. */
  resumed: [];
  /** A handler was called. */
  messageStarted: [facts: MessageFacts<Message>];
  /** A handler has ended, well or not. */
  messageFinished: [facts: MessageFacts<Message> & { readonly outcome: Outcome; readonly durationMs: number }];
  /** A handler threw something that is not an outcome; `outcome` is what the retry policy made of it. */
  messageFailed: [facts: MessageFacts<Message> & { readonly error: unknown; readonly outcome: Outcome }];
  /** The source has confirmed what becomes of a message. */
  settled: [facts: MessageFacts<Message> & { readonly outcome: Outcome }];
  /** The source has taken a message back. If it was running, its signal has aborted. */
  messageRevoked: [facts: MessageFacts<Message> & { readonly error: Error; readonly wasRunning: boolean }];
  /** A worker was spawned; `workers` is how many there are now. */
  workerSpawned: [facts: { readonly workers: number }];
  /** An idle worker was let go; `workers` is how many there are now. */
  workerReleased: [facts: { readonly workers: number }];
  /** Something went wrong that no promise of yours carries. Without a listener it is only logged. */
  error: [error: MillraceError];
}

/** A record, so that a new event cannot be forgotten here. */
const CONSUMER_EVENTS: Readonly<Record<keyof ConsumerEvents, true>> = {
  started: true,
  stopping: true,
  stopped: true,
  paused: true,
  resumed: true,
  messageStarted: true,
  messageFinished: true,
  messageFailed: true,
  settled: true,
  messageRevoked: true,
  workerSpawned: true,
  workerReleased: true,
  error: true,
  received: true,
  backedOff: true,
  redelivered: true,
  leasesExtended: true,
};
/** The names of the events of a consumer. */
export const CONSUMER_EVENT_NAMES = Object.keys(CONSUMER_EVENTS) as ReadonlyArray<keyof ConsumerEvents>;

/** Where millrace writes what happens, for those who prefer it to events. `console` fits. */
export interface Logger {
  /** What is of use only when something is being looked into. */
  debug(message: string, facts?: unknown): void;
  /** What happens in the course of things: started, stopped. */
  info(message: string, facts?: unknown): void;
  /** What is wrong and expected to pass. */
  warn(message: string, facts?: unknown): void;
  /** What is wrong: the same as the `error` event. */
  error(message: string, facts?: unknown): void;
}

/** A function that is called when an event happens. What it throws, or rejects with, becomes an `error` event. */
export type Listener<Payload extends unknown[]> = (...payload: Payload) => unknown;

type AnyListener = (...payload: unknown[]) => unknown;

/** Calls listeners so that none of them can break what calls it. */
export class EventHub<Events extends { [Name in keyof Events]: unknown[] }> {
  readonly #emitter = new EventEmitter();
  /** What stands in the emitter for each listener, so that it can be taken off again. */
  readonly #guarded = new Map<string, WeakMap<AnyListener, AnyListener>>();
  readonly #names: readonly string[];
  readonly #onFailure: (name: string, cause: unknown) => void;

  /**
   * @param names - Of all events: a listener of another would never be called.
   * @param onFailure - Told of each listener that threw or rejected, with the name of its event.
   */
  constructor(names: ReadonlyArray<keyof Events & string>, onFailure: (name: string, cause: unknown) => void) {
    this.#names = names;
    this.#onFailure = onFailure;
  }

  on<Name extends keyof Events & string>(name: Name, listener: Listener<Events[Name]>): void {
    this.#emitter.on(name, this.#guard(name, listener as AnyListener));
  }

  once<Name extends keyof Events & string>(name: Name, listener: Listener<Events[Name]>): void {
    this.#emitter.once(name, this.#guard(name, listener as AnyListener));
  }

  off<Name extends keyof Events & string>(name: Name, listener: Listener<Events[Name]>): void {
    const guarded = this.#guarded.get(name)?.get(listener as AnyListener);
    if (guarded !== undefined) this.#emitter.off(name, guarded);
  }

  /** Whether anybody listens: what is emitted for nobody need not be made. */
  has(name: keyof Events & string): boolean {
    return this.#emitter.listenerCount(name) > 0;
  }

  emit<Name extends keyof Events & string>(name: Name, ...payload: Events[Name]): void {
    this.#emitter.emit(name, ...payload);
  }

  #guard(name: string, listener: AnyListener): AnyListener {
    if (!this.#names.includes(name)) {
      throw new OptionError("event", describeNames("events", name, this.#names), name);
    }
    if (typeof listener !== "function") throw new OptionError("listener", "a function", listener);
    const ofEvent = this.#guarded.get(name) ?? new WeakMap<AnyListener, AnyListener>();
    this.#guarded.set(name, ofEvent);
    const existing = ofEvent.get(listener);
    if (existing !== undefined) return existing;
    const guarded: AnyListener = (...payload) => {
      try {
        whenRejected(listener(...payload), (cause) => this.#onFailure(name, cause));
      } catch (cause) {
        this.#onFailure(name, cause);
      }
    };
    ofEvent.set(listener, guarded);
    return guarded;
  }
}
