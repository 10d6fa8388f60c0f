// Looks for queues at intervals, by the beginning of their names: those that come are added, those that go removed.
import { MillraceError, type ServiceError } from "../errors.js";
import { abortable, withTimeout } from "../internal/abortable.js";
import { Backoff } from "../internal/backoff.js";
import type { Clock, Timer } from "../internal/clock.js";
import { createListingPort, type OwnedPort } from "../sqs/default-client.js";
import type { ListQueuesOutput, SqsClient, SqsPort } from "../sqs/port.js";
import { toPort } from "../sqs/sdk.js";
import { createTimeoutError, toServiceError } from "../sqs/service-errors.js";

/** What a discovery works with. */
export interface DiscoveryParts {
  readonly queueNamePrefix: string;
  readonly everySeconds: number;
  readonly client: SqsClient | undefined;
  readonly region: string | undefined;
  readonly clock: Clock;
  /** Whether the queue is in the group, however it came there. */
  readonly has: (queueUrl: string) => boolean;
  /** Adds a queue that was found. False when it is left out, or could not be added; it must not reject. */
  readonly add: (queueUrl: string) => Promise<boolean>;
  /** Removes a queue that was found and is there no more. */
  readonly remove: (queueUrl: string) => void;
  /** The first look has found nothing: there may be none yet, or the prefix is misspelt. */
  readonly onNothingFound: () => void;
  /** Takes the failure of a look. The next one follows. */
  readonly report: (error: unknown) => void;
}

/** ListQueues gives no token for the next page unless it is told how many to answer with; 1,000 is the most (API reference). */
const PAGE_SIZE = 1_000;
const REQUEST_TIMEOUT_MS = 10_000;
const FIRST_RETRY_MS = 1_000;
/** One look does not count: a list put together by many servers may lack a queue for a moment. */
const LOOKS_UNTIL_GONE = 2;

/** One life of a discovery, from a start to its stop. */
export class Discovery {
  readonly #parts: DiscoveryParts;
  readonly #ending = new AbortController();
  readonly #timers = new Set<Timer>();
  readonly #backoff: Backoff;
  /** How many looks in a row have missed each queue that was added. One that was removed by hand stays here, and away. */
  readonly #missed = new Map<string, number>();
  #opening: Promise<OwnedPort> | undefined;
  #looking: Promise<unknown> | undefined;
  #hasLooked = false;

  constructor(parts: DiscoveryParts) {
    this.#parts = parts;
    const maxMs = parts.everySeconds * 1_000;
    this.#backoff = new Backoff({ baseMs: Math.min(FIRST_RETRY_MS, maxMs), maxMs });
  }

  /**
   * Looks for the first time, and adds what it finds. Further looks follow by themselves.
   *
   * @throws ServiceError when the list cannot be had and that will not change by itself.
   */
  async start(): Promise<void> {
    const error = await this.#look();
    if (error?.errorClass === "fatal") throw error;
    if (error !== undefined) this.#parts.report(error);
  }

  /** Ends it: nothing of it is left when it resolves. */
  async stop(): Promise<void> {
    this.#ending.abort(new MillraceError("STOPPED", "The group stops."));
    for (const timer of this.#timers) timer.cancel();
    await this.#looking;
    const owned = await this.#opening?.catch(() => undefined);
    owned?.destroy();
  }

  async #look(): Promise<ServiceError | undefined> {
    const looking = this.#lookOnce();
    this.#looking = looking;
    const error = await looking;
    if (this.#ending.signal.aborted) return undefined;
    if (error === undefined) this.#backoff.reset();
    this.#lookAgainIn(error === undefined ? this.#parts.everySeconds * 1_000 : this.#backoff.nextDelayMs());
    return error;
  }

  #lookAgainIn(delayMs: number): void {
    const timer = this.#parts.clock.setTimer(() => {
      this.#timers.delete(timer);
      void this.#lookAgain();
    }, delayMs);
    this.#timers.add(timer);
  }

  async #lookAgain(): Promise<void> {
    const error = await this.#look();
    if (error !== undefined) this.#parts.report(error);
  }

  async #lookOnce(): Promise<ServiceError | undefined> {
    try {
      const queueUrls = await abortable(this.#list(), this.#ending.signal);
      if (!this.#ending.signal.aborted) await this.#compare(queueUrls);
      return undefined;
    } catch (cause) {
      return this.#ending.signal.aborted ? undefined : toServiceError(cause, "ListQueues");
    }
  }

  async #compare(queueUrls: ReadonlySet<string>): Promise<void> {
    if (!this.#hasLooked && queueUrls.size === 0) this.#parts.onNothingFound();
    this.#hasLooked = true;
    for (const [queueUrl, missed] of this.#missed) {
      if (queueUrls.has(queueUrl)) this.#missed.set(queueUrl, 0);
      else if (missed + 1 < LOOKS_UNTIL_GONE) this.#missed.set(queueUrl, missed + 1);
      else this.#forget(queueUrl);
    }
    const added = [...queueUrls].filter((queueUrl) => !this.#missed.has(queueUrl) && !this.#parts.has(queueUrl));
    await Promise.all(added.map((queueUrl) => this.#add(queueUrl)));
  }

  #forget(queueUrl: string): void {
    this.#missed.delete(queueUrl);
    this.#parts.remove(queueUrl);
  }

  async #add(queueUrl: string): Promise<void> {
    if (await this.#parts.add(queueUrl)) this.#missed.set(queueUrl, 0);
  }

  async #list(): Promise<ReadonlySet<string>> {
    const { port } = await this.#open();
    const found = new Set<string>();
    let token: string | undefined;
    do {
      const page = await this.#ask(port, token);
      for (const queueUrl of page.QueueUrls ?? []) found.add(queueUrl);
      token = page.NextToken;
    } while (token !== undefined && !this.#ending.signal.aborted);
    return found;
  }

  async #ask(port: SqsPort, token: string | undefined): Promise<ListQueuesOutput> {
    const input = {
      QueueNamePrefix: this.#parts.queueNamePrefix,
      MaxResults: PAGE_SIZE,
      ...(token !== undefined && { NextToken: token }),
    };
    const answering = port.listQueues?.(input, { abortSignal: this.#ending.signal });
    if (answering === undefined) throw new TypeError("the client has no listQueues");
    return withTimeout(answering, {
      clock: this.#parts.clock,
      timeoutMs: REQUEST_TIMEOUT_MS,
      timers: this.#timers,
      createError: () => createTimeoutError("ListQueues", REQUEST_TIMEOUT_MS),
    });
  }

  async #open(): Promise<OwnedPort> {
    const opening = (this.#opening ??= this.#createPort());
    try {
      return await opening;
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }

  async #createPort(): Promise<OwnedPort> {
    const { client, region } = this.#parts;
    if (client === undefined) return createListingPort(region);
    return { port: await toPort(client), destroy: () => undefined };
  }
}
