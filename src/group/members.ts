// The queues that belong to a group now.
import type { Consumer } from "../consumer/consumer.js";
import { type Counters, createCounters } from "../consumer/counters.js";
import type { StopResult } from "../consumer/stop.js";
import { OptionError } from "../errors.js";
import type { GroupEvents } from "./events.js";
import { createMember, type Member, type QueueHost } from "./queue.js";
import { createStartError, type StartFailure } from "./start-failures.js";
import { type GroupQueueStats, statsOf, sumCounters } from "./stats.js";

/** The members of a group, by name. */
export class Members<Resource> {
  readonly #host: QueueHost<Resource>;
  readonly #events: GroupEvents;
  readonly #members = new Map<string, Member<Resource>>();
  /** What was counted by those that have been removed. */
  #removedCounters: Counters = createCounters();

  constructor(parts: { host: QueueHost<Resource>; events: GroupEvents }) {
    this.#host = parts.host;
    this.#events = parts.events;
  }

  get names(): string[] {
    return [...this.#members.keys()];
  }

  get all(): Array<Member<Resource>> {
    return [...this.#members.values()];
  }

  /** What they are doing now, by name. */
  get stats(): Array<readonly [name: string, stats: GroupQueueStats]> {
    return this.all.map((member) => [member.name, statsOf(member)]);
  }

  /** What was counted by those that have been removed. */
  get removedCounters(): Readonly<Counters> {
    return this.#removedCounters;
  }

  get(name: string): Member<Resource> | undefined {
    return this.#members.get(name);
  }

  /** @throws OptionError when there is no such queue. */
  find(name: string): Member<Resource> {
    const member = this.#members.get(name);
    if (member !== undefined) return member;
    throw new OptionError("name", "the name of a queue of the group", name);
  }

  findByUrl(queueUrl: string): Member<Resource> | undefined {
    return this.all.find((member) => member.queueUrl === queueUrl);
  }

  /**
   * Takes a queue in. Nothing is started.
   *
   * @param place - What it is called in an error as long as its name is not known.
   * @throws OptionError that names it.
   */
  add(queue: unknown, place: string, isDiscovered = false): Member<Resource> {
    const member = createMember(queue, { place, isDiscovered, host: this.#host });
    const { name, consumer } = member;
    if (this.#members.has(name)) {
      throw new OptionError("name", "one that no other queue of the group has", name).of(place);
    }
    this.#members.set(name, member);
    this.#events.add(name, consumer as never as Consumer);
    return member;
  }

  /** Lets go of one that has stopped. False when it is not a member any more. */
  delete(member: Member<Resource>): boolean {
    const { name, consumer } = member;
    if (this.#members.get(name) !== member) return false;
    this.#members.delete(name);
    this.#events.delete(name);
    this.#removedCounters = sumCounters([this.#removedCounters, consumer.stats().counters]);
    return true;
  }

  /** Lets go of those that were found: they will be looked for anew. */
  deleteDiscovered(): void {
    for (const member of this.all) if (member.isDiscovered) this.delete(member);
  }

  /** Starts all at once. @throws MillraceError that names those that cannot be started, when every other has been. */
  async start(): Promise<void> {
    const failures: StartFailure[] = [];
    const start = async (member: Member<Resource>): Promise<void> => {
      try {
        await member.consumer.start();
      } catch (error) {
        if (!member.isLeaving) failures.push({ queue: member.name, error });
      }
    };
    await Promise.all(this.all.filter(({ isLeaving }) => !isLeaving).map(start));
    const [first, ...others] = failures;
    if (first !== undefined) throw createStartError([first, ...others]);
  }

  /** Stops all at once. */
  stop(timeoutMs: number): Promise<Array<readonly [name: string, result: StopResult]>> {
    return Promise.all(this.all.map(async ({ name, consumer }) => [name, await consumer.stop({ timeoutMs })] as const));
  }
}
