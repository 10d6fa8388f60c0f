// One job of a MemoryRunner: the handle that whoever enqueued it holds, and the delivery that the consumer sees.
import { MillraceError } from "../errors.js";
import type { Scheduled } from "../internal/deadline-queue.js";
import { createDeferred, type Deferred } from "../internal/deferred.js";
import type { Outcome } from "../runner/outcome.js";
import type { Delivery, SettleFacts } from "../runner/runner.js";

/**
 * - `waiting`: it has not started, or waits to be tried again.
 * - `running`: its handler runs.
 * - `succeeded`: its handler returned.
 * - `failed`: its handler failed `maxAttempts` times, or returned `drop` or `deadLetter`.
 * - `halted`: `halt` ended it.
 */
export type JobStatus = "waiting" | "running" | "succeeded" | "failed" | "halted";

/** A job that was enqueued: what becomes of it, and how to halt it. */
export interface Job<Payload = unknown, Result = unknown> {
  /** 1 for the runner's first job, and so on. */
  readonly id: number;
  /** What the handler is called with. */
  readonly payload: Payload;
  readonly status: JobStatus;
  readonly enqueuedAt: Date;
  /** When its handler was last called; undefined before the first time. */
  readonly startedAt: Date | undefined;
  /** When it came to its end; undefined before. */
  readonly endedAt: Date | undefined;
  /** How long its handler has run, in milliseconds, all attempts together. */
  readonly runTimeMs: number;
  /** How many times its handler was called. */
  readonly attempts: number;
  /**
   * What the handler returned. Rejects with `JOB_FAILED` or `JOB_HALTED`, and what the handler threw as the `cause`.
   * Reading it is a choice: a job whose result nobody reads rejects nothing.
   */
  readonly result: Promise<Result>;
  /**
   * Ends the job: waiting, it does not start; running, its signal aborts. If its handler returns all the same, it has
   * succeeded. Does nothing when the job has ended.
   */
  halt(reason?: string): void;
}

/** What a job needs of its runner. */
export interface JobHost<Payload, Result> {
  now(): number;
  /** The job is to be tried again after a while. */
  requeue(job: MemoryJob<Payload, Result>, delayMs: number): void;
  /** The consumer has the job, and is to let go of it. */
  revoke(job: MemoryJob<Payload, Result>, reason: Error): void;
  /** The job has come to its end. */
  ended(job: MemoryJob<Payload, Result>): void;
}

/** A job, from either side. */
export class MemoryJob<Payload, Result> implements Job<Payload, Result>, Delivery<Payload>, Scheduled {
  readonly id: number;
  readonly payload: Payload;
  readonly enqueuedAt: Date = new Date();
  readonly #host: JobHost<Payload, Result>;
  readonly #maxAttempts: number;
  #status: JobStatus = "waiting";
  #startedAt: Date | undefined;
  #endedAt: Date | undefined;
  #runningSince = 0;
  #runTimeMs = 0;
  #attempts = 0;
  #haltReason: MillraceError | undefined;
  #outcome: { readonly value: Result } | { readonly error: MillraceError } | undefined;
  #result: Deferred<Result> | undefined;
  /** Whether the consumer has it. */
  #isDelivered = false;
  /** Of the delivery that is under way, or was the last. */
  attempt = 1;
  receivedAt: Date = this.enqueuedAt;
  dueAt: number = Infinity;
  queueIndex = -1;

  constructor(parts: { id: number; payload: Payload; maxAttempts: number }, host: JobHost<Payload, Result>) {
    this.id = parts.id;
    this.payload = parts.payload;
    this.#maxAttempts = parts.maxAttempts;
    this.#host = host;
  }

  get status(): JobStatus {
    return this.#status;
  }

  get startedAt(): Date | undefined {
    return this.#startedAt;
  }

  get endedAt(): Date | undefined {
    return this.#endedAt;
  }

  get runTimeMs(): number {
    return this.#runTimeMs + (this.#status === "running" ? this.#host.now() - this.#runningSince : 0);
  }

  get attempts(): number {
    return this.#attempts;
  }

  get result(): Promise<Result> {
    if (this.#result === undefined) {
      this.#result = createDeferred<Result>();
      this.#tellResult();
    }
    return this.#result.promise;
  }

  get hasEnded(): boolean {
    return this.#outcome !== undefined;
  }

  get message(): Payload {
    return this.payload;
  }

  halt(reason = "It was halted."): void {
    if (this.hasEnded || this.#haltReason !== undefined) return;
    this.#haltReason = new MillraceError("JOB_HALTED", `Job ${this.id} was halted. ${reason}`);
    if (this.#isDelivered) this.#host.revoke(this, this.#haltReason);
    else this.#end("halted", { error: this.#haltReason });
  }

  /** To be called just before each delivery. */
  prepareDelivery(): void {
    this.#isDelivered = true;
    this.attempt = this.#attempts + 1;
    this.receivedAt = new Date();
  }

  begin(): boolean {
    if (this.#haltReason !== undefined) return false;
    this.#attempts += 1;
    this.#status = "running";
    this.#startedAt = new Date();
    this.#runningSince = this.#host.now();
    return true;
  }

  settle(outcome: Outcome, facts: SettleFacts): void {
    this.#isDelivered = false;
    this.#runTimeMs = this.runTimeMs;
    this.#status = "waiting";
    if (outcome.kind === "ack") this.#end("succeeded", { value: outcome.value as Result });
    else if (this.#haltReason !== undefined) this.#end("halted", { error: this.#haltReason });
    else if (outcome.kind === "drop" || outcome.kind === "deadLetter") this.#fail(outcome.reason, facts);
    else if (outcome.kind === "release") this.#host.requeue(this, 0);
    else if (this.#attempts >= this.#maxAttempts) this.#fail(`Attempts made: ${this.#attempts}.`, facts);
    else this.#host.requeue(this, outcome.afterSeconds * 1_000);
  }

  #fail(explanation: string, { error: cause }: SettleFacts): void {
    const error = new MillraceError("JOB_FAILED", `Job ${this.id} has failed. ${explanation}`, { cause });
    this.#end("failed", { error });
  }

  #end(status: JobStatus, outcome: { readonly value: Result } | { readonly error: MillraceError }): void {
    this.#status = status;
    this.#endedAt = new Date();
    this.#outcome = outcome;
    this.#tellResult();
    this.#host.ended(this);
  }

  #tellResult(): void {
    if (this.#outcome === undefined || this.#result === undefined) return;
    if ("error" in this.#outcome) this.#result.reject(this.#outcome.error);
    else this.#result.resolve(this.#outcome.value);
  }
}
