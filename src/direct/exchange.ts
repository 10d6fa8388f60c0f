// One request and its answer.
import type { DispatchController, DispatchHandler, ResponseHeaders } from "./undici.js";

/** An answer, whatever it says. */
export interface Answer {
  readonly statusCode: number;
  readonly headers: ResponseHeaders;
  readonly text: string;
}

/** Is told how an exchange ended, once. */
export interface ExchangeListener {
  answered(answer: Answer): void;
  /** With `hasBegun`, part of an answer was here. */
  failed(error: Error, hasBegun: boolean): void;
}

/** Ten messages of 1 MiB, of which JSON can make six bytes each, and their attributes. */
const LARGEST_ANSWER_BYTES = 64 * 1_048_576;

/** For what is here already. */
const GRACE_MS = 1_000;

/** Takes in one answer. */
export class Exchange implements DispatchHandler {
  readonly #listener: ExchangeListener;
  /** On the wall clock. The transport's own limits are for silence, and an answer can drip. */
  #dueAt: number;
  #isLate = false;
  #controller: DispatchController | undefined;
  #abortedBy: Error | undefined;
  #statusCode = 0;
  #headers: ResponseHeaders = {};
  /** Most answers come in one piece. */
  #first: Buffer | undefined;
  #more: Buffer[] | undefined;
  #size = 0;
  #isOver = false;

  constructor(listener: ExchangeListener, timeoutMs: number) {
    this.#listener = listener;
    this.#dueAt = Date.now() + timeoutMs;
  }

  /** Ends it, whatever it is about. Nobody is told. */
  abort(reason: Error): void {
    this.#isOver = true;
    this.#abortedBy = reason;
    this.#controller?.abort(reason);
  }

  onRequestStart(controller: DispatchController): void {
    this.#controller = controller;
    if (this.#abortedBy !== undefined) controller.abort(this.#abortedBy);
  }

  onResponseStart(_controller: DispatchController, statusCode: number, headers: ResponseHeaders): void {
    this.#statusCode = statusCode;
    this.#headers = headers;
  }

  onResponseData(controller: DispatchController, bytes: Uint8Array): void {
    const chunk = bytes as Buffer; // Which undici has.
    this.#size += chunk.length;
    if (this.#first === undefined) this.#first = chunk;
    else (this.#more ??= [this.#first]).push(chunk);
    if (this.#size > LARGEST_ANSWER_BYTES) controller.abort(new AnswerTooLargeError());
    else if (Date.now() > this.#dueAt) this.#lose(controller);
  }

  /** What comes late may have lain here while this process stood still: the rest of it is here, then, too. */
  #lose(controller: DispatchController): void {
    if (this.#isLate) controller.abort(new AnswerTooSlowError());
    this.#isLate = true;
    this.#dueAt = Date.now() + GRACE_MS;
  }

  onResponseEnd(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const body = this.#more === undefined ? this.#first : Buffer.concat(this.#more, this.#size);
    const text = body === undefined ? "" : body.toString("utf8");
    this.#listener.answered({ statusCode: this.#statusCode, headers: this.#headers, text });
  }

  onResponseError(_controller: DispatchController, error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#listener.failed(error, this.#statusCode !== 0);
  }
}

/** An answer that is larger than any can be. */
export class AnswerTooLargeError extends Error {
  constructor() {
    super(`The answer has more than ${LARGEST_ANSWER_BYTES} bytes.`);
  }
}

/** An answer that came too slowly. */
export class AnswerTooSlowError extends Error {}
