// The order of a standard queue: that of arrival, but for messages that overtake, and for tenants that are noisy.
//
//   tenant a   (in flight: 400)   [a1] [a2] [a3] …     noisy: after the others
//   tenant b   (in flight: 2)     [b1] [b2]
//   no tenant                     [1] [2] [3]
//
// A tenant is what has a MessageGroupId in common ("fair queues"). Sources: "Amazon SQS fair queues" in the SQS developer
// guide, and "How Amazon SQS fair queues work" for who is noisy: more than a tenth of what is in flight, and 30 at the least.
// The rule by processing time is left out.

import { DeadlineQueue, type Scheduled } from "../../internal/deadline-queue.js";
import type { RandomSource } from "../random.js";
import { LinkedList } from "./linked-list.js";
import { type MessageLine, type MessagePicks, pickNearHead } from "./message-line.js";
import type { MessageState, StoredMessage } from "./stored-message.js";

const NOISY_PART = 0.1;
const LEAST_NOISY = 30;

/** What a queue has of one tenant. It waits by when its first message became visible. */
class Tenant implements Scheduled {
  readonly visible = new LinkedList<StoredMessage>();
  inFlight = 0;
  dueAt = 0;
  queueIndex = -1;
}

export class StandardLine implements MessageLine, MessagePicks {
  readonly #tenants = new Map<string | undefined, Tenant>();
  /** Those that have something visible. */
  readonly #waiting = new DeadlineQueue<Tenant>();
  readonly #random: RandomSource;
  readonly #overtakingChance: () => number;
  #inFlight = 0;
  #lastOrder = 0;

  constructor(random: RandomSource, overtakingChance: () => number) {
    this.#random = random;
    this.#overtakingChance = overtakingChance;
  }

  get hasNext(): boolean {
    return this.#waiting.size > 0;
  }

  noteMove(message: StoredMessage, from: MessageState): void {
    const tenant = this.#tenants.get(message.groupId) ?? new Tenant();
    this.#tenants.set(message.groupId, tenant);
    if (from === "visible") tenant.visible.remove(message);
    if (message.state === "visible") {
      this.#lastOrder += 1;
      message.visibleOrder = this.#lastOrder;
      tenant.visible.append(message);
    }
    const change = Number(message.state === "inFlight") - Number(from === "inFlight");
    tenant.inFlight += change;
    this.#inFlight += change;
    const { first } = tenant.visible;
    if (first === undefined) this.#waiting.remove(tenant);
    else this.#waiting.add(tenant, first.visibleOrder);
    if (first === undefined && tenant.inFlight === 0) this.#tenants.delete(message.groupId);
  }

  pick(): MessagePicks {
    return this;
  }

  next(): StoredMessage | undefined {
    const tenant = this.#nextTenant();
    return tenant && pickNearHead(tenant.visible, this.#overtakingChance(), this.#random);
  }

  /** The one whose first message has been visible for longest, or the least noisy one if there are no others. */
  #nextTenant(): Tenant | undefined {
    const noisy: Tenant[] = []; // Fewer than ten: each has more than a tenth.
    let next = this.#waiting.peek();
    for (; next !== undefined && this.#isNoisy(next); next = this.#waiting.peek()) {
      noisy.push(next);
      this.#waiting.remove(next);
    }
    for (const tenant of noisy) this.#waiting.add(tenant, tenant.dueAt);
    return next ?? noisy.reduce<Tenant | undefined>(lessInFlight, undefined);
  }

  /** What has no tenant is nobody's noise. */
  #isNoisy(tenant: Tenant): boolean {
    const { inFlight } = tenant;
    return inFlight >= LEAST_NOISY && inFlight > NOISY_PART * this.#inFlight && tenant !== this.#tenants.get(undefined);
  }
}

function lessInFlight(one: Tenant | undefined, other: Tenant): Tenant {
  return one !== undefined && one.inFlight <= other.inFlight ? one : other;
}
