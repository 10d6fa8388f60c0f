// One call: signed, sent, tried again where that may help, and answered.
import { Backoff } from "../internal/backoff.js";
import type { AbortSource } from "../internal/cancellation.js";
import { toServiceError } from "../sqs/service-errors.js";
import { type Answer, Exchange, type ExchangeListener } from "./exchange.js";
import { parseOutput } from "./output.js";
import { toServiceException } from "./service-exception.js";
import type { Route, Transport } from "./transport.js";
import {
  createAbortError,
  createLateError,
  createUnreadableError,
  isEndOfConnection,
  toTransportError,
} from "./transport-errors.js";

/** What is called, and how. */
export interface CallSettings<Output> {
  readonly operation: string;
  readonly queueUrl: string | undefined;
  readonly body: string;
  /** How long the service may take to answer, each time. */
  readonly timeoutMs: number;
  readonly maxAttempts: number;
  readonly isReceive: boolean;
  readonly signal: AbortSource | undefined;
  /** What must not be repeated in an error. */
  readonly secrets: () => readonly string[];
  /** Makes the answer, parsed, into what the caller gets. */
  readonly read: (output: object) => Output;
}

/** Requests are valid for five minutes around their time, on the service's clock; the SDK corrects by the same limit. */
const LARGEST_SKEW_MS = 240_000;
/** The service ends idle connections whenever it likes. One that has just been ended shows it within a round trip. */
const END_SHOWS_WITHIN_MS = 1_000;
const BACKOFF = { baseMs: 100, maxMs: 1_000 } as const;
const EXPIRED: ReadonlySet<string> = new Set(["ExpiredToken", "ExpiredTokenException"]);

/** How a call is settled. */
interface Caller<Output> {
  readonly resolve: (output: Output) => void;
  readonly reject: (error: unknown) => void;
}

/** Makes one call. */
export function call<Output>(transport: Transport, settings: CallSettings<Output>): Promise<Output> {
  if (settings.signal?.aborted === true) return Promise.reject(createAbortError());
  return new Promise((resolve, reject) => {
    new Call(transport, settings, { resolve, reject }).attempt();
  });
}

class Call<Output> implements ExchangeListener {
  readonly #transport: Transport;
  readonly #settings: CallSettings<Output>;
  readonly #caller: Caller<Output>;
  readonly #madeAt = Date.now();
  #attempts = 0;
  /** Of the last attempt. */
  #route: Route | undefined;
  #exchange: Exchange | undefined;
  #sentAt = 0;
  #signedFor = 0;
  /** What is done about once only. */
  #hasMetEndOfConnection = false;
  #hasCorrectedClock = false;
  #hasRefreshed = false;
  #backoff: Backoff | undefined;
  #isOver = false;

  constructor(transport: Transport, settings: CallSettings<Output>, caller: Caller<Output>) {
    this.#transport = transport;
    this.#settings = settings;
    this.#caller = caller;
    settings.signal?.addEventListener("abort", this);
  }

  /** The signal has aborted. */
  handleEvent(): void {
    const error = createAbortError();
    this.#exchange?.abort(error);
    this.#reject(error);
  }

  attempt(): void {
    const { queueUrl } = this.#settings;
    const route = this.#transport.findRoute(queueUrl);
    if (route !== undefined) this.#send(route);
    else {
      this.#transport.prepareRoute(queueUrl).then(
        (prepared) => this.#send(prepared),
        (error: unknown) => this.#reject(error),
      );
    }
  }

  #send(route: Route): void {
    if (this.#isOver) return;
    const { operation, body, timeoutMs, isReceive } = this.#settings;
    this.#sentAt = Date.now();
    if (this.#sentAt >= this.#madeAt + timeoutMs) {
      this.#reject(createLateError(timeoutMs)); // Whoever made it has given it up, and may have made another.
      return;
    }
    this.#attempts += 1;
    this.#route = route;
    this.#signedFor = this.#sentAt + this.#transport.clockOffsetMs;
    this.#exchange = new Exchange(this, timeoutMs);
    try {
      const headers = route.signer.sign({ target: `AmazonSQS.${operation}`, body }, route.identity, this.#signedFor);
      this.#transport.dispatch({ route, headers, body, timeoutMs, isReceive }, this.#exchange);
    } catch (error) {
      this.#reject(error);
    }
  }

  answered(answer: Answer): void {
    const { statusCode, text } = answer;
    if (statusCode < 200 || statusCode > 299) {
      this.#refused(answer).catch((error: unknown) => this.#reject(error));
      return;
    }
    let output: object;
    try {
      output = parseOutput(text);
    } catch {
      this.#fail(createUnreadableError(statusCode));
      return;
    }
    this.#resolve(output);
  }

  failed(error: Error, hasBegun: boolean): void {
    const hadEnded = !hasBegun && isEndOfConnection(error) && Date.now() - this.#sentAt < END_SHOWS_WITHIN_MS;
    if (hadEnded && !this.#hasMetEndOfConnection) {
      this.#hasMetEndOfConnection = true;
      this.attempt();
    } else this.#fail(toTransportError(error));
  }

  /** The service has answered, but with an error. */
  async #refused(answer: Answer): Promise<void> {
    if (this.#correctsClock(answer)) {
      this.attempt();
      return;
    }
    const error = await toServiceException(answer, { attempts: this.#attempts, secrets: this.#secrets() });
    this.#forgetRefusedCredentials(error);
    if (EXPIRED.has(error.name) && !this.#hasRefreshed) {
      this.#hasRefreshed = true;
      this.attempt();
    } else this.#fail(error);
  }

  /** Whatever the service has against them: there may be others by now. */
  #forgetRefusedCredentials(error: Error): void {
    const isRefusal = toServiceError(error, this.#settings.operation).code === "CREDENTIALS_REFUSED";
    if (isRefusal && this.#route !== undefined) this.#transport.refuse(this.#route.identity);
  }

  /** Requests with a wrong time are refused, by various names. The time that the service has is in each of its answers. */
  #correctsClock({ statusCode, headers }: Answer): boolean {
    const { date } = headers;
    if (statusCode < 400 || statusCode > 499 || this.#hasCorrectedClock || typeof date !== "string") return false;
    const serviceTime = Date.parse(date);
    if (!(Math.abs(serviceTime - this.#signedFor) >= LARGEST_SKEW_MS)) return false;
    this.#hasCorrectedClock = true;
    this.#transport.clockOffsetMs = serviceTime - Date.now();
    return true;
  }

  #secrets(): string[] {
    const { secretAccessKey = "", sessionToken = "" } = this.#route?.identity ?? {};
    return [secretAccessKey, sessionToken, ...this.#settings.secrets()];
  }

  /** Tries again, or gives up. */
  #fail(error: Error): void {
    if (this.#isOver) return;
    if (this.#attempts >= this.#settings.maxAttempts || !mayPass(error, this.#settings.operation)) {
      this.#reject(error);
      return;
    }
    this.#backoff ??= new Backoff(BACKOFF);
    setTimeout(() => this.attempt(), this.#backoff.nextDelayMs());
  }

  #resolve(output: object): void {
    if (this.#isOver) return;
    this.#end();
    try {
      this.#caller.resolve(this.#settings.read(output));
    } catch (error) {
      this.#caller.reject(error);
    }
  }

  #reject(error: unknown): void {
    if (this.#isOver) return;
    this.#end();
    this.#caller.reject(error);
  }

  #end(): void {
    this.#isOver = true;
    this.#settings.signal?.removeEventListener("abort", this);
  }
}

/** A call that has timed out has had its time; whoever made it has given it up. */
function mayPass(error: Error, operation: string): boolean {
  if (error.name === "TimeoutError") return false;
  const { errorClass } = toServiceError(error, operation);
  return errorClass === "network" || errorClass === "service";
}
