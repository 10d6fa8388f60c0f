// A queue is drained while the processes that drain it are ended, one after the other or several at once.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { drawInteger, type RandomSource, seededRandom } from "../../src/testing/random.js";
import { type Account, drawUp } from "./account.js";
import type { ConsumerProcess, ProcessEnd } from "./consumer-process.js";
import { Fleet } from "./fleet.js";
import { type Moment, MOMENTS, untilMoment } from "./moments.js";
import type { ClientName, ProgramSettings } from "./program-settings.js";
import { CrashService } from "./service.js";

/** How processes are ended: killed, told to end, or told twice. */
export type Blow = "SIGKILL" | "SIGTERM" | "SIGTERM twice";

export interface DrainOptions {
  readonly seed: number;
  readonly messages: number;
  /** How many processes are ended. */
  readonly crashes: number;
  readonly signal: "SIGKILL" | "SIGTERM";
  /** The clients that processes have in turn. */
  readonly clients: readonly ClientName[];
  /** What a SIGTERM leaves handlers: so much that they end in time, or so little that they do not. */
  readonly grace: "enough" | "too little";
  readonly onProgress?: (crashes: number, deleted: number) => void;
}

/** The end of one process. */
export interface Crash {
  readonly victim: ConsumerProcess;
  readonly moment: Moment;
  readonly blow: Blow;
  /** What it had in hand when the signal was sent, as the service sees it. */
  readonly inHand: ReadonlyMap<string, number>;
  readonly end: ProcessEnd;
  /** When the signal was sent, on this process's clock. */
  readonly sentAt: number;
  readonly tookMs: number;
  /** What it had in hand when it was gone, as the service sees it, and since when. */
  readonly left: ReadonlyMap<string, number>;
}

const LARGEST_FLEET = 3;
/** How often several are ended at once. */
const TOGETHER = 0.15;
/** Where nothing is deleted for so long, something is wrong. */
const STANDSTILL_MS = 60_000;
/** What a platform that gives 10 s leaves handlers (docs/deployment.md); and less than most of the long ones take. */
const TIMEOUT_MS = { enough: 6_000, "too little": 300 } as const;

const BRIEF: ProgramSettings["handler"] = { shortestMs: 0, longestMs: 20, heedsSignal: true };
const USUAL: ProgramSettings["handler"] = { shortestMs: 5, longestMs: 150, heedsSignal: true };
const LONG: ProgramSettings["handler"] = { shortestMs: 200, longestMs: 2_500, heedsSignal: true };
const DEAF: ProgramSettings["handler"] = { ...LONG, heedsSignal: false };

/** Ends processes until there were enough, and drains what is left. */
export async function drain(options: DrainOptions): Promise<Account> {
  const directory = await mkdtemp(join(tmpdir(), "millrace-crashes-"));
  try {
    await using run = await DrainRun.start(options, directory);
    return await run.play();
  } finally {
    await rm(directory, { recursive: true });
  }
}

class DrainRun implements AsyncDisposable {
  readonly #options: DrainOptions;
  readonly #random: RandomSource;
  readonly #service: CrashService;
  readonly #fleet: Fleet;
  readonly #crashes: Crash[] = [];
  readonly #ends: Array<Promise<void>> = [];
  #strikes = 0;
  #ended = 0;
  #sent = 0;

  private constructor(options: DrainOptions, service: CrashService, directory: string) {
    this.#options = options;
    this.#service = service;
    this.#random = seededRandom(options.seed);
    const isKill = options.signal === "SIGKILL";
    this.#fleet = new Fleet({
      queueUrl: service.queueUrl,
      directory,
      clients: options.clients,
      random: this.#random,
      // What a killed process had in hand is late by this much. Nobody may wait for it after a SIGTERM.
      visibilityTimeoutSeconds: isKill ? 10 : 30,
      timeoutMs: TIMEOUT_MS[options.grace],
      handlers: options.grace === "enough" ? [BRIEF, USUAL, USUAL, LONG] : [LONG, DEAF],
    });
  }

  static async start(options: DrainOptions, directory: string): Promise<DrainRun> {
    return new DrainRun(options, await CrashService.start(options.seed), directory);
  }

  async play(): Promise<Account> {
    const startedAt = performance.now();
    const { crashes, messages } = this.#options;
    while (this.#ended < crashes) {
      this.#fleet.grow(drawInteger(this.#random, 1, LARGEST_FLEET));
      await this.#send(Math.ceil((messages * (this.#ended + 1)) / crashes));
      await this.#strike();
      await this.#fleet.checkMembers();
      this.#options.onProgress?.(this.#ended, this.#service.witness.deletedBy.size);
    }
    await this.#send(messages);
    await this.#finish();
    const { witness } = this.#service;
    const tookMs = performance.now() - startedAt;
    return drawUp({ ...this.#options, crashes: this.#crashes, processes: this.#fleet.all, witness, tookMs });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#fleet[Symbol.asyncDispose]();
    await this.#service[Symbol.asyncDispose]();
  }

  async #send(upTo: number): Promise<void> {
    await this.#service.send(upTo - this.#sent);
    this.#sent = upTo;
  }

  /** Waits for a moment and ends one process, or several. */
  async #strike(): Promise<void> {
    const wanted = MOMENTS[this.#strikes % MOMENTS.length] ?? "any";
    this.#strikes += 1;
    const victim = wanted === "starting" ? this.#fleet.add() : this.#fleet.pick();
    if (wanted === "starting" && this.#options.signal === "SIGTERM") await victim.hasTold("listening");
    const moment = await untilMoment(wanted, { victim, service: this.#service, random: this.#random });
    const room = this.#options.crashes - this.#ended;
    const others = this.#fleet.members.filter((member) => member !== victim && member.told.listening === true);
    const together = this.#random() < TOGETHER ? others.slice(0, room - 1) : [];
    for (const each of [victim, ...together]) this.#end(each, each === victim ? moment : "any");
  }

  #end(victim: ConsumerProcess, moment: Moment): void {
    this.#ended += 1;
    this.#fleet.dismiss(victim);
    this.#ends.push(this.#see(victim, moment));
  }

  async #see(victim: ConsumerProcess, moment: Moment): Promise<void> {
    const { signal } = this.#options;
    const inHand = this.#service.witness.inHandOf(victim.name);
    const isTwice = signal === "SIGTERM" && this.#random() < 0.2;
    const pauseMs = this.#random() * 500;
    const sentAt = performance.now();
    victim.kill(signal);
    if (isTwice) void sleep(pauseMs).then(() => victim.kill(signal));
    const end = await victim.ended;
    const tookMs = performance.now() - sentAt;
    const left = this.#service.witness.inHandOf(victim.name);
    this.#crashes.push({ victim, moment, blow: isTwice ? "SIGTERM twice" : signal, inHand, end, sentAt, tookMs, left });
  }

  /** Lets the queue run empty, and the processes that are left come to their end. */
  async #finish(): Promise<void> {
    const { witness } = this.#service;
    this.#fleet.grow(2);
    let deleted = 0;
    let changedAt = performance.now();
    while (witness.deletedBy.size < this.#options.messages) {
      if (witness.deletedBy.size > deleted) {
        deleted = witness.deletedBy.size;
        changedAt = performance.now();
      }
      if (performance.now() - changedAt > STANDSTILL_MS) break; // The account says what is missing.
      await sleep(20);
    }
    await Promise.all(this.#ends);
    for (const member of this.#fleet.members) {
      await member.hasTold("started");
      member.kill("SIGTERM");
    }
    await Promise.all(this.#fleet.all.map(({ ended }) => ended));
  }
}
