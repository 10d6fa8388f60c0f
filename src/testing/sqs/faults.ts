// What can go wrong between a consumer and SQS, to be switched on at any time.

import type { RandomSource } from "../random.js";
import type { SqsOperation } from "./api.js";

/** One fault of one request. */
export type Fault =
  /** Nothing goes wrong, whatever the chances say. */
  | { readonly kind: "none" }
  /** `RequestThrottled`, before any work. */
  | { readonly kind: "throttle" }
  /** `InternalFailure` (500, the default) or `ServiceUnavailable` (503), before any work. */
  | { readonly kind: "serverError"; readonly httpStatusCode?: 500 | 503 }
  /** The connection is reset before any work. */
  | { readonly kind: "reset" }
  /** The work is done, but the connection is reset instead of an answer. */
  | { readonly kind: "lostAnswer" }
  /** No work and no answer, until the caller aborts. */
  | { readonly kind: "hang" }
  /** Batches only: the entries at these positions (from 0) fail, the others succeed. */
  | { readonly kind: "failEntries"; readonly positions: readonly number[]; readonly senderFault?: boolean }
  /** Receives only: an empty answer although messages are visible. */
  | { readonly kind: "emptyReceive" }
  /** This error, before any work: `new SqsServiceError("AccessDeniedException", "…", { httpStatusCode: 403 })`. */
  | { readonly kind: "error"; readonly error: Error };

/** A request that a `FaultScript` decides about. */
export interface FaultableRequest {
  readonly operation: SqsOperation;
  /** How many requests of this operation there were, this one included. */
  readonly attempt: number;
  readonly input: unknown;
  /** The access key that has signed the request, where there is one: over HTTP. */
  readonly accessKeyId?: string | undefined;
}

/** Decides by itself what goes wrong; where it returns nothing the chances decide. */
export type FaultScript = (request: FaultableRequest) => Fault | undefined;

/** The switches. Chances run from 0 (never) to 1 (always) and are 0 unless set; all can be changed at any time. */
export interface FaultSettings {
  /**
   * Chance for each receive, and again for each place left in it, to bring a message that is in flight or deleted.
   * Standard queues only.
   */
  duplicates: number;
  /** Chance for each message to be in the same receive a second time. Standard queues only. */
  duplicatesInOneReceive: number;
  /** Chance for each message to be overtaken by one that arrived later; on FIFO queues, for a group by another. */
  reordering: number;
  /** Chance for a short poll to come back empty although messages are visible. */
  emptyShortPolls: number;
  /** Chance for a receive to bring fewer messages than there are. */
  shortReceives: number;
  /** Chance for a request to be throttled. A receive from a FIFO queue can then not be repeated by its attempt id. */
  throttling: number;
  /** Chance for a request to be answered with a 500 or 503. */
  serverErrors: number;
  /** Chance for the connection to be reset before the request is worked on. */
  connectionResets: number;
  /** Chance for the connection to be reset after the work: done, but nobody was told. */
  lostAnswers: number;
  /** Chance for a request never to be answered. */
  hangs: number;
  /** Chance for each entry of a batch to fail although the request succeeds. */
  failedEntries: number;
  /** Which share of failed entries fails for good (`SenderFault: true`). */
  failedEntriesSenderFault: number;
  /** How long a request takes, in milliseconds; two numbers are the least and the most. */
  latencyMs: number | readonly [least: number, most: number];
  /** Which share of the latency passes before the work; the rest passes after it. */
  latencyBeforeWork: number;
  /**
   * Whether a long poll that the client aborted stays in line until its wait ends, and can be given messages, which
   * are then hidden from everybody for their visibility timeout. AWS does this.
   */
  abortedPollsSwallowMessages: boolean;
  /**
   * Whether a delete or a visibility change works with a handle from before the latest redelivery. AWS promises
   * neither; without it such a request succeeds and changes nothing. Standard queues only: FIFO queues refuse it.
   */
  oldReceiptHandlesWork: boolean;
  /** Restricts the chances (not the script) to these operations. */
  operations: readonly SqsOperation[] | undefined;
  /** Decides before the chances do. */
  script: FaultScript | undefined;
}

/** All switches off. */
export function noFaults(): FaultSettings {
  return {
    duplicates: 0,
    duplicatesInOneReceive: 0,
    reordering: 0,
    emptyShortPolls: 0,
    shortReceives: 0,
    throttling: 0,
    serverErrors: 0,
    connectionResets: 0,
    lostAnswers: 0,
    hangs: 0,
    failedEntries: 0,
    failedEntriesSenderFault: 0,
    latencyMs: 0,
    latencyBeforeWork: 0.5,
    abortedPollsSwallowMessages: false,
    oldReceiptHandlesWork: false,
    operations: undefined,
    script: undefined,
  };
}

const NO_FAULT: Fault = { kind: "none" };

/** Draws from the switches what goes wrong. */
export class FaultDice {
  readonly #settings: FaultSettings;
  readonly #random: RandomSource;

  constructor(settings: FaultSettings, random: RandomSource) {
    this.#settings = settings;
    this.#random = random;
  }

  /** What goes wrong with this request. */
  forRequest(request: FaultableRequest): Fault {
    return this.#settings.script?.(request) ?? this.#draw(request.operation);
  }

  /** Whether something with this chance happens now. Costs no random number when it cannot happen. */
  happens(chance: number): boolean {
    return chance > 0 && this.#random() < chance;
  }

  /** Which entries of a batch fail; a fault of the whole request has been dealt with before. */
  failedEntries(operation: SqsOperation, fault: Fault, count: number): ReadonlyMap<number, { senderFault: boolean }> {
    const failed = new Map<number, { senderFault: boolean }>();
    if (fault.kind === "failEntries") {
      for (const position of fault.positions) failed.set(position, { senderFault: fault.senderFault ?? false });
    } else if (this.#settings.failedEntries > 0 && this.#concerns(operation)) {
      for (let position = 0; position < count; position += 1) {
        if (!this.happens(this.#settings.failedEntries)) continue;
        failed.set(position, { senderFault: this.happens(this.#settings.failedEntriesSenderFault) });
      }
    }
    return failed;
  }

  /** How long the request takes before and after the work. */
  latency(): { beforeMs: number; afterMs: number } {
    const { latencyMs, latencyBeforeWork } = this.#settings;
    const [least, most] = typeof latencyMs === "number" ? [latencyMs, latencyMs] : latencyMs;
    const totalMs = least === most ? least : least + this.#random() * (most - least);
    return { beforeMs: totalMs * latencyBeforeWork, afterMs: totalMs * (1 - latencyBeforeWork) };
  }

  #concerns(operation: SqsOperation): boolean {
    return this.#settings.operations?.includes(operation) ?? true;
  }

  #draw(operation: SqsOperation): Fault {
    if (!this.#concerns(operation)) return NO_FAULT;
    const { throttling, serverErrors, connectionResets, lostAnswers, hangs } = this.#settings;
    if (this.happens(throttling)) return { kind: "throttle" };
    if (this.happens(serverErrors)) return { kind: "serverError", httpStatusCode: this.happens(0.5) ? 500 : 503 };
    if (this.happens(connectionResets)) return { kind: "reset" };
    if (this.happens(hangs)) return { kind: "hang" };
    if (this.happens(lostAnswers)) return { kind: "lostAnswer" };
    return NO_FAULT;
  }
}
