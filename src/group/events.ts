// The events of a group: those of its queues, each with the queue's name, and what happens to the group itself.
import type { Consumer } from "../consumer/consumer.js";
import { CONSUMER_EVENT_NAMES, type ConsumerEvents, EventHub, type Listener } from "../consumer/events.js";
import type { StopResult } from "../consumer/stop.js";
import type { MillraceError } from "../errors.js";
import type { Message } from "../sqs/message.js";

/** The workers are the pool's, and no queue's. */
type QueueEvents = Omit<ConsumerEvents<Message>, "error" | "workerSpawned" | "workerReleased">;

type WithQueue<Events extends { [Name in keyof Events]: unknown[] }> = {
  [Name in keyof Events]: [...Events[Name], queue: string];
};

/**
 * Every event of a group. Those of a consumer are told of each of its queues, with the queue's name as a further argument:
 * `group.on("messageFailed", ({ error }, queue) => …)`.
 */
export interface ConsumerGroupEvents extends WithQueue<QueueEvents> {
  /** A queue was added, by `add` or because it was found. */
  queueAdded: [queue: string];
  /** A queue was removed, and has stopped. */
  queueRemoved: [queue: string, result: StopResult];
  /** Something went wrong that no promise of yours carries; without a queue when it is the group's own. */
  error: [error: MillraceError, queue: string | undefined];
}

const OWN_NAMES = ["queueAdded", "queueRemoved"] as const;
const OF_THE_GROUP: ReadonlySet<string> = new Set(OWN_NAMES);
const OF_WORKERS: ReadonlySet<string> = new Set(["workerSpawned", "workerReleased"]);
const OF_QUEUES = CONSUMER_EVENT_NAMES.filter((name) => !OF_WORKERS.has(name)) as ReadonlyArray<keyof QueueEvents>;
const NAMES: ReadonlyArray<keyof ConsumerGroupEvents> = [...OF_QUEUES, ...OWN_NAMES];

/** A consumer, as far as it is listened to. */
type Source = Pick<Consumer, "on">;

/** The listeners of a group. A queue is listened to only for what somebody has asked for. */
export class GroupEvents {
  readonly #hub: EventHub<ConsumerGroupEvents>;
  readonly #sources = new Map<string, Source>();
  readonly #passedOn = new Set<keyof QueueEvents | "error">();

  /** @param onFailure - Told of each listener that threw or rejected, with the name of its event. */
  constructor(onFailure: (name: string, cause: unknown) => void) {
    this.#hub = new EventHub(NAMES, onFailure);
  }

  on<Name extends keyof ConsumerGroupEvents>(name: Name, listener: Listener<ConsumerGroupEvents[Name]>): void {
    this.#hub.on(name, listener);
    this.#passOn(name);
  }

  once<Name extends keyof ConsumerGroupEvents>(name: Name, listener: Listener<ConsumerGroupEvents[Name]>): void {
    this.#hub.once(name, listener);
    this.#passOn(name);
  }

  off<Name extends keyof ConsumerGroupEvents>(name: Name, listener: Listener<ConsumerGroupEvents[Name]>): void {
    this.#hub.off(name, listener);
  }

  emit<Name extends keyof ConsumerGroupEvents>(name: Name, ...payload: ConsumerGroupEvents[Name]): void {
    this.#hub.emit(name, ...payload);
  }

  /** Passes on the events of a queue, from now on. */
  add(queue: string, source: Source): void {
    this.#sources.set(queue, source);
    for (const name of this.#passedOn) this.#listen(name, queue, source);
  }

  /** The queue tells nothing more. */
  delete(queue: string): void {
    this.#sources.delete(queue);
  }

  #passOn(name: keyof ConsumerGroupEvents): void {
    if (OF_THE_GROUP.has(name) || this.#passedOn.has(name as keyof QueueEvents)) return;
    this.#passedOn.add(name as keyof QueueEvents);
    for (const [queue, source] of this.#sources) this.#listen(name as keyof QueueEvents, queue, source);
  }

  #listen(name: keyof QueueEvents | "error", queue: string, source: Source): void {
    source.on(name, (...payload: unknown[]) => {
      if (this.#hub.has(name)) this.#hub.emit(name, ...([...payload, queue] as ConsumerGroupEvents[typeof name]));
    });
  }
}
