// One fault, one client: a queue is drained while the fault comes and goes, during a start and during a stop as well.
import { setTimeout as sleep } from "node:timers/promises";
import { constantRetry, Consumer, type Message, PoolWorker, SqsRunner, type StopResult } from "millrace";
import { systemClock } from "../../src/internal/clock.js";
import { createDeferred } from "../../src/internal/deferred.js";
import { type Connect, connectAlone } from "../../src/sqs/connection.js";
import type { ClientKind, MadeClient } from "./clients.js";
import { FaultyService } from "./faulty-service.js";
import type { FaultCase } from "./faults.js";
import { type Account, type Run, settleAccount } from "./ledger.js";
import { RequestLog, TimerCount } from "./watch.js";

/** How large a play is. */
export interface Scale {
  readonly messages: number;
  /** How often the fault comes and goes before the stop; the first time before the start. */
  readonly cycles: number;
  /** How long it stays at least, and until it has met so many requests or connections. */
  readonly faultMs: number;
  readonly strikes: number;
  readonly requestTimeoutMs: number;
  /** What a lost answer hides comes again after so long. */
  readonly visibilityTimeoutSeconds: number;
  readonly stopTimeoutMs: number;
}

/** A stop, and how long it took. */
type TimedStop = StopResult & { readonly tookMs: number };

/** How a play went. */
export interface Outcome {
  readonly account: Account;
  /** For each time that the fault was over: until a message was handled that had been received after it, in milliseconds. */
  readonly recoveredMs: readonly number[];
  /** How often it met something, each time. */
  readonly strikes: readonly number[];
  /** The stop while the fault was on, and the one at the end. */
  readonly stops: readonly [inFault: TimedStop, last: TimedStop];
  /** After each stop: timers of the consumer that were still set, and connections that it had not closed. */
  readonly leftBehind: readonly string[];
  /** How many errors were told, by code. */
  readonly errors: Readonly<Record<string, number>>;
}

/** The most that happens between two looks. Long, for slow machines: what is awaited comes, or something is broken. */
const DEADLINE_MS = 90_000;
const CONCURRENCY = 20;
const HANDLER_MS = 5;
/** Each 20th message fails the first time. */
const FAILS_EVERY = 20;
/** How many handlers are running when the stop is asked for. */
const SLOW_HANDLERS = 5;

/** Plays it. Rejects when the consumer does not go on. */
export async function playFault(fault: FaultCase, client: ClientKind, scale: Scale): Promise<Outcome> {
  await using service = await FaultyService.start(fault);
  await using play = new Play({ fault, client, scale, service });
  await play.drainWithFaults();
  await play.stopInFault();
  await play.drainRest();
  return play.outcome();
}

interface PlayParts {
  readonly fault: FaultCase;
  readonly client: ClientKind;
  readonly scale: Scale;
  readonly service: FaultyService;
}

class Play implements AsyncDisposable {
  readonly #scale: Scale;
  readonly #service: FaultyService;
  readonly #fault: FaultCase;
  readonly #made: MadeClient;
  readonly #consumer: Consumer<Message, never>;
  readonly #log = new RequestLog();
  readonly #clock = new TimerCount(systemClock);
  readonly #runs: Run[] = [];
  readonly #ran = new Set<string>();
  readonly #recoveredMs: number[] = [];
  readonly #strikes: number[] = [];
  readonly #stops: TimedStop[] = [];
  readonly #leftBehind: string[] = [];
  readonly #errors: Record<string, number> = {};
  #struckBefore = 0;
  /** How many of the next handlers wait for the stop. */
  #slow = 0;
  #untilStopAsked: Promise<void> | undefined;

  constructor({ fault, client, scale, service }: PlayParts) {
    this.#fault = fault;
    this.#scale = scale;
    this.#service = service;
    this.#made = client.create({ requestTimeoutMs: scale.requestTimeoutMs });
    this.#consumer = this.#createConsumer();
  }

  /** The fault comes before the start, and then again and again. */
  async drainWithFaults(): Promise<void> {
    await this.#service.send(this.#share);
    if (this.#fault.tcp?.kind === "halfOpen")
      await this.#consumer.start(); // It concerns what is connected.
    else await this.#startInFault();
    for (let cycle = 1; cycle < this.#scale.cycles; cycle += 1) {
      await this.#untilUnderWay();
      await this.#switchOn();
      await this.#service.send(this.#share / 2);
      await this.#untilStruck();
      await this.#switchOff();
    }
  }

  /** Some handlers run when the stop begins, and end during it: they are to be settled while the fault is on. */
  async stopInFault(): Promise<void> {
    await this.#untilUnderWay();
    const asked = createDeferred();
    this.#untilStopAsked = asked.promise;
    this.#slow = SLOW_HANDLERS;
    await this.#service.send(this.#share / 2);
    await until("handlers wait for the stop", () => this.#slow === 0);
    await this.#switchOn();
    await this.#service.send(this.#share / 2);
    await this.#untilStruck();
    asked.resolve();
    await this.#stop(this.#scale.stopTimeoutMs);
    await this.#service.set(false);
    this.#checkTimers();
    // A client of the user's keeps its connections until the user ends it.
    if (this.#made.client === undefined) await this.#checkConnections();
  }

  async drainRest(): Promise<void> {
    await this.#consumer.start();
    await this.#service.send(this.#scale.messages - this.#service.sent);
    await until("the queue is empty", () => this.#service.size === 0);
    await this.#stop();
    this.#checkTimers();
    await this.#made.destroy();
    await this.#checkConnections();
  }

  outcome(): Outcome {
    const [inFault, last] = this.#stops;
    const { journal } = this.#service.server.sqs;
    const { requestTimeoutMs, visibilityTimeoutSeconds } = this.#scale;
    if (inFault === undefined || last === undefined || journal === undefined) throw new Error("played in part");
    const account = settleAccount({
      journal,
      log: this.#log,
      runs: this.#runs,
      spoilt: this.#service.http.spoiltHandles,
      // The renewal of a lease has a sixth of it.
      givenUpAfterMs: Math.min(requestTimeoutMs, (visibilityTimeoutSeconds * 1_000) / 6) - 30,
      settlementsLost: inFault.settlementsLost + last.settlementsLost,
    });
    return {
      account,
      stops: [inFault, last],
      recoveredMs: this.#recoveredMs,
      strikes: this.#strikes,
      leftBehind: this.#leftBehind,
      errors: this.#errors,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#slow = 0;
    await this.#service.set(false);
    await this.#consumer.stop({ timeoutMs: 0 });
    await this.#made.destroy();
  }

  #createConsumer(): Consumer<Message, never> {
    const options = {
      queueUrl: this.#service.queueUrl,
      client: this.#made.client,
      region: "us-east-1",
      requestTimeoutMs: this.#scale.requestTimeoutMs,
      visibilityTimeoutSeconds: this.#scale.visibilityTimeoutSeconds,
      waitTimeSeconds: 1,
      pollGraceMs: 200,
      settleMaxAgeMs: 50,
    };
    const connect: Connect = async (resolved) => {
      const connection = await connectAlone(resolved);
      return { ...connection, port: this.#log.watch(connection.port) };
    };
    const consumer = new Consumer((message) => this.#handle(message), {
      runner: new SqsRunner(options, connect),
      // A small room, so that most messages are in the queue when the fault comes.
      worker: new PoolWorker({ maxWorkers: CONCURRENCY, waitingRoom: CONCURRENCY }),
      retry: constantRetry({ delaySeconds: 0 }),
      clock: this.#clock,
    });
    consumer.on("error", ({ code }) => (this.#errors[code] = (this.#errors[code] ?? 0) + 1));
    return consumer;
  }

  async #handle({ MessageId: messageId = "", ReceiptHandle: receiptHandle = "", Body }: Message): Promise<void> {
    const isFirst = !this.#ran.has(messageId);
    this.#ran.add(messageId);
    const startedAtMs = performance.now();
    const run: Run = { messageId, receiptHandle, startedAtMs, endedAtMs: undefined, isHandled: false };
    this.#runs.push(run);
    if (this.#slow > 0) {
      this.#slow -= 1;
      await this.#untilStopAsked;
    }
    await sleep(HANDLER_MS);
    run.endedAtMs = performance.now();
    if (isFirst && Number(Body) % FAILS_EVERY === 0) throw new Error("the first time");
    run.isHandled = true;
  }

  get #share(): number {
    return Math.floor(this.#scale.messages / (this.#scale.cycles + 2));
  }

  /** How often the fault has met something. Where no proxy can tell, the requests that have failed do. */
  get #struck(): number {
    const { tcp } = this.#fault;
    if (tcp?.kind !== "refused" && tcp?.kind !== "halfOpen")
      return this.#service.tcp.strikes + this.#service.http.strikes;
    return this.#log.requests.filter(({ hasFailed, endedAtMs }) => hasFailed && endedAtMs !== undefined).length;
  }

  async #startInFault(): Promise<void> {
    await this.#switchOn();
    const started = this.#consumer.start();
    await this.#untilStruck();
    await this.#switchOff();
    await started;
  }

  async #switchOn(): Promise<void> {
    this.#struckBefore = this.#struck;
    await this.#service.set(true);
  }

  /** Until the fault has been on for a while, and has met something. */
  async #untilStruck(): Promise<void> {
    await sleep(this.#scale.faultMs);
    // Each connection that is half open fails once.
    const enough = this.#fault.tcp?.kind === "halfOpen" ? 1 : this.#scale.strikes;
    await until("the fault has met something", () => this.#struck - this.#struckBefore >= enough);
    this.#strikes.push(this.#struck - this.#struckBefore);
  }

  /** Ends the fault, and waits until a message was handled that was received after that. */
  async #switchOff(): Promise<void> {
    await this.#service.set(false);
    const overAt = performance.now();
    const before = new Set(this.#log.arrived);
    const runsBefore = this.#runs.length;
    await this.#service.send(this.#share / 2);
    const findNew = (): Run | undefined =>
      this.#runs.slice(runsBefore).find(({ isHandled, receiptHandle }) => isHandled && !before.has(receiptHandle));
    await until("messages are handled again", () => findNew() !== undefined);
    this.#recoveredMs.push((findNew()?.endedAtMs ?? Number.NaN) - overAt);
  }

  /** Until at most half a share is left to receive. What a lost answer hides comes later. */
  async #untilUnderWay(): Promise<void> {
    await until("the drain is under way", () => this.#service.visible <= this.#share / 2);
  }

  async #stop(timeoutMs?: number): Promise<void> {
    const askedAt = performance.now();
    const result = await this.#consumer.stop({ timeoutMs });
    this.#stops.push({ ...result, tookMs: performance.now() - askedAt });
  }

  #checkTimers(): void {
    if (this.#clock.pending > 0) this.#leftBehind.push(`${this.#clock.pending} timers`);
  }

  async #checkConnections(): Promise<void> {
    const { tcp } = this.#service;
    await until("the connections are closed", () => tcp.openConnections === 0).catch(() =>
      this.#leftBehind.push(`${tcp.openConnections} connections`),
    );
  }
}

/** Looks every few milliseconds, as nothing else tells. */
export async function until(what: string, condition: () => boolean, withinMs: number = DEADLINE_MS): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(5);
  }
}
