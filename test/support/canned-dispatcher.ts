// Takes the place of undici's dispatcher: requests are kept, and answered as a test says.
import type { UndiciDispatcher } from "millrace/direct";

/** A request, as undici would have sent it. */
export interface DispatchedRequest {
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An answer to a request: an error of the transport, or what the service says. */
export interface CannedAnswer {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Handler {
  onRequestStart(controller: { abort(reason: Error): void }): void;
  onResponseStart(controller: unknown, statusCode: number, headers: object): void;
  onResponseData(controller: unknown, chunk: Buffer): void;
  onResponseEnd(controller: unknown, trailers: object): void;
  onResponseError(controller: unknown, error: Error): void;
}

interface DispatchOptions extends Omit<DispatchedRequest, "headers"> {
  readonly headers: readonly string[];
}

/** What a request is answered with; without anything, it is left to wait. */
export type AnswerRequest = (request: DispatchedRequest, index: number) => CannedAnswer | Error | undefined;

export class CannedDispatcher implements UndiciDispatcher {
  readonly requests: DispatchedRequest[] = [];
  readonly aborted: Error[] = [];
  readonly #answer: AnswerRequest;

  constructor(answer: AnswerRequest = () => ({})) {
    this.#answer = answer;
  }

  readonly dispatch = (options: DispatchOptions, handler: Handler): boolean => {
    const { origin, path, body } = options;
    const request = { origin, path, body, headers: toObject(options.headers) };
    const answer = this.#answer(request, this.requests.push(request) - 1);
    // As undici does it: never in the call of dispatch.
    setImmediate(() => this.#serve(answer, handler));
    return true;
  };

  #serve(answer: CannedAnswer | Error | undefined, handler: Handler): void {
    let isOver = false;
    const end = (error: Error): void => {
      if (isOver) return;
      isOver = true;
      handler.onResponseError(controller, error);
    };
    const abort = (reason: Error): void => {
      this.aborted.push(reason);
      end(reason);
    };
    const controller = { abort };
    handler.onRequestStart(controller);
    if (answer instanceof Error) end(answer);
    if (answer === undefined || isOver) return;
    const { statusCode = 200, headers = {}, body = "{}" } = answer as CannedAnswer;
    handler.onResponseStart(controller, statusCode, headers);
    if (body !== "") handler.onResponseData(controller, Buffer.from(body));
    if (!isOver) handler.onResponseEnd(controller, {});
    isOver = true;
  }
}

function toObject(headers: readonly string[]): Record<string, string> {
  const pairs = Array.from({ length: headers.length / 2 }, (_, index) => [headers[2 * index], headers[2 * index + 1]]);
  return Object.fromEntries(pairs) as Record<string, string>;
}
