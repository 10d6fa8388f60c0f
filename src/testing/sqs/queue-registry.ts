// The queues of the simulated service, by name, URL and ARN.

import { queueDeletedRecently, queueDoesNotExist, queueNameExists } from "./errors.js";
import { assertQueueName, required } from "./limits.js";
import type { CreateQueueInput } from "./queue-api.js";
import { QueueSettings } from "./queue-settings.js";
import { Queue, type QueueSurroundings } from "./queue.js";

/** For how long the name of a deleted queue cannot be used again. */
const NAME_BLOCKED_MS = 60_000;

/** Where a service stands. */
export interface ServiceAddress {
  readonly region: string;
  readonly accountId: string;
  /** The beginning of every queue URL, without a slash at its end. */
  endpoint: string;
}

export class QueueRegistry {
  readonly address: ServiceAddress;
  readonly #surroundings: QueueSurroundings;
  readonly #queues = new Map<string, Queue>();
  readonly #deletedAt = new Map<string, number>();
  #created = 0;

  constructor(address: ServiceAddress, surroundings: Omit<QueueSurroundings, "findQueueByArn">) {
    this.address = address;
    this.#surroundings = { ...surroundings, findQueueByArn: (arn) => this.findByArn(arn) };
  }

  get surroundings(): QueueSurroundings {
    return this.#surroundings;
  }

  /** All queues, by name. */
  all(): Queue[] {
    return [...this.#queues.values()].toSorted((a, b) => (a.identity.name < b.identity.name ? -1 : 1));
  }

  /** Creates the queue, or finds it when it is there with the same attributes. */
  create({ QueueName, Attributes = {}, tags = {} }: CreateQueueInput): Queue {
    const name = required(QueueName, "QueueName");
    assertQueueName(name, Attributes["FifoQueue"] === "true");
    const existing = this.#queues.get(name);
    if (existing !== undefined) {
      const difference = existing.settings.firstDifference(Attributes);
      if (difference !== undefined) throw queueNameExists(difference);
      return existing;
    }
    const deletedAt = this.#deletedAt.get(name) ?? -Infinity;
    if (this.#surroundings.clock.now() < deletedAt + NAME_BLOCKED_MS) throw queueDeletedRecently();
    return this.#add(name, Attributes, tags);
  }

  delete(queue: Queue): void {
    this.#queues.delete(queue.identity.name);
    this.#deletedAt.set(queue.identity.name, this.#surroundings.clock.now());
    queue.close();
  }

  url(queue: Queue): string {
    return `${this.address.endpoint}/${this.address.accountId}/${queue.identity.name}`;
  }

  /** @throws SqsServiceError `QueueDoesNotExist` when no queue has this URL. Its host is not looked at. */
  byUrl(url: string | undefined): Queue {
    const text = required(url, "QueueUrl");
    const nameStart = text.lastIndexOf("/") + 1;
    const queue = this.#queues.get(text.slice(nameStart));
    const isOurs = text.slice(0, nameStart).endsWith(`/${this.address.accountId}/`);
    if (queue === undefined || !isOurs) throw queueDoesNotExist();
    return queue;
  }

  /** @throws SqsServiceError `QueueDoesNotExist` when no queue has this name. */
  byName(name: string | undefined): Queue {
    const queue = this.#queues.get(required(name, "QueueName"));
    if (queue === undefined) throw queueDoesNotExist();
    return queue;
  }

  findByArn(arn: string): Queue | undefined {
    const queue = this.#queues.get(arn.slice(arn.lastIndexOf(":") + 1));
    return queue?.identity.arn === arn ? queue : undefined;
  }

  #add(name: string, attributes: NonNullable<CreateQueueInput["Attributes"]>, tags: Record<string, string>): Queue {
    const { region, accountId } = this.address;
    this.#created += 1;
    const identity = { name, arn: `arn:aws:sqs:${region}:${accountId}:${name}`, key: `${name}-${this.#created}` };
    const settings = new QueueSettings(attributes, attributes["FifoQueue"] === "true", (arn) => {
      const target = this.findByArn(arn);
      return target && (target.settings.isFifo ? "fifo" : "standard");
    });
    const queue = new Queue(identity, settings, this.#surroundings);
    for (const [key, value] of Object.entries(tags)) queue.tags.set(key, value);
    this.#queues.set(name, queue);
    return queue;
  }
}
