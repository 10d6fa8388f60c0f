// The queue's process: a simulated SQS over HTTP with faults, and who sends to it. Its memory is not judged.
import { seededRandom, type SqsOperation, SqsServer } from "../../src/testing/index.js";
import { drawJob } from "./jobs.js";
import { type Finishes, ServiceLedger, type SoakAccount } from "./ledger.js";
import { answerCalls } from "./part.js";
import { BURST_FACTOR, mostMessages, type SoakSettings, type SoakTimes, timesOf } from "./settings.js";

/** What the queue's process can be asked. */
export interface QueueCalls {
  begin(settings: SoakSettings): Promise<{ readonly queueUrl: string }>;
  /** From now on messages come in a burst, or no more. */
  burst(isOn: boolean): void;
  /** From now on every request of the consumer fails, or no more. */
  outage(isOn: boolean): void;
  /** No more messages, no more faults. */
  endLoad(): Promise<void>;
  sample(): QueueSample;
  account(finishes: Finishes): SoakAccount;
}

/** What there is to see of the queue at one moment. */
export interface QueueSample {
  readonly visible: number;
  readonly inFlight: number;
  readonly sent: number;
  readonly deleted: number;
  /** Requests for consuming. */
  readonly requests: number;
  readonly faultyRequests: number;
  readonly rssBytes: number;
}

const QUEUE_NAME = "soak";
const SEND_EVERY_MS = 50;
const BATCH_SIZE = 10;
/** High enough that only a message that always fails would be redriven. */
const MAX_RECEIVE_COUNT = 20;
/** Dead letters are of no more use than to be sent: the shortest time that a queue can keep them. */
const DEAD_LETTERS = { MessageRetentionPeriod: "60" };
const CONSUMER_OPERATIONS: readonly SqsOperation[] = [
  "ReceiveMessage",
  "DeleteMessageBatch",
  "ChangeMessageVisibilityBatch",
];
/** About a request in fifty goes wrong. */
const FAULTS = {
  latencyMs: [2, 10],
  throttling: 0.004,
  serverErrors: 0.004,
  connectionResets: 0.004,
  lostAnswers: 0.004,
  hangs: 0.000_5,
  failedEntries: 0.004,
  shortReceives: 0.05,
  duplicates: 0.001,
  reordering: 0.02,
  abortedPollsSwallowMessages: true,
  operations: CONSUMER_OPERATIONS,
} as const;

/** Sends at a steady pace, or ten times that. */
class Sender {
  readonly #send: (jobs: number) => void;
  readonly #perSecond: number;
  #timer: NodeJS.Timeout | undefined;
  #owed = 0;
  isBurst = false;

  constructor(perSecond: number, send: (jobs: number) => void) {
    this.#perSecond = perSecond;
    this.#send = send;
  }

  start(): void {
    let lastAt = performance.now();
    this.#timer = setInterval(() => {
      const at = performance.now();
      this.#owed += ((at - lastAt) / 1_000) * this.#perSecond * (this.isBurst ? BURST_FACTOR : 1);
      lastAt = at;
      for (; this.#owed >= 1; this.#owed -= Math.min(BATCH_SIZE, Math.floor(this.#owed))) {
        this.#send(Math.min(BATCH_SIZE, Math.floor(this.#owed)));
      }
    }, SEND_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** The queue and everything around it, from the call `begin` on. */
class SoakQueue {
  readonly server: SqsServer;
  readonly #ledger: ServiceLedger;
  readonly #times: SoakTimes;
  readonly #random: () => number;
  readonly #sends = new Set<Promise<unknown>>();
  readonly sender: Sender;
  queueUrl = "";

  constructor(settings: SoakSettings) {
    this.#ledger = new ServiceLedger(QUEUE_NAME, mostMessages(settings));
    this.#times = timesOf(settings);
    this.#random = seededRandom(settings.seed);
    this.server = new SqsServer({ seed: settings.seed, journal: (entry) => this.#ledger.note(entry) });
    this.sender = new Sender(settings.perSecond, (jobs) => this.#send(jobs));
  }

  async start(): Promise<void> {
    const { server } = this;
    await server.start();
    const { QueueUrl: dead } = await server.sqs.createQueue({ QueueName: "dead", Attributes: DEAD_LETTERS });
    const { Attributes } = await server.sqs.getQueueAttributes({ QueueUrl: dead, AttributeNames: ["QueueArn"] });
    const policy = { deadLetterTargetArn: Attributes?.["QueueArn"], maxReceiveCount: MAX_RECEIVE_COUNT };
    const { QueueUrl } = await server.sqs.createQueue({
      QueueName: QUEUE_NAME,
      Attributes: { RedrivePolicy: JSON.stringify(policy) },
    });
    this.queueUrl = QueueUrl;
    Object.assign(server.sqs.faults, FAULTS);
    this.sender.start();
  }

  outage(isOn: boolean): void {
    const { faults } = this.server.sqs;
    faults.script = isOn
      ? ({ operation }) => (CONSUMER_OPERATIONS.includes(operation) ? { kind: "reset" } : undefined)
      : undefined;
  }

  async endLoad(): Promise<void> {
    this.sender.stop();
    await Promise.all(this.#sends);
    this.server.sqs.clearFaults();
  }

  sample(): QueueSample {
    const { sqs } = this.server;
    const { statistics } = sqs;
    const { visible, inFlight, delayed } = sqs.counts(this.queueUrl);
    const made = statistics.requestsByOperation;
    return {
      visible: visible + delayed,
      inFlight,
      sent: statistics.messagesSent,
      deleted: statistics.messagesDeleted,
      requests: CONSUMER_OPERATIONS.reduce((sum, operation) => sum + (made[operation] ?? 0), 0),
      faultyRequests: statistics.faultyRequests,
      rssBytes: process.memoryUsage.rss(),
    };
  }

  account(finishes: Finishes): SoakAccount {
    return this.#ledger.account(finishes);
  }

  #send(jobs: number): void {
    const Entries = Array.from({ length: jobs }, (_, index) => ({
      Id: String(index),
      MessageBody: JSON.stringify(drawJob(this.#random, this.#times)),
    }));
    const sent = this.server.sqs.sendMessageBatch({ QueueUrl: this.queueUrl, Entries });
    this.#sends.add(sent);
    void sent.finally(() => this.#sends.delete(sent));
  }
}

let queue: SoakQueue | undefined;

function theQueue(): SoakQueue {
  if (queue === undefined) throw new Error("begin was not called");
  return queue;
}

const calls: QueueCalls = {
  async begin(settings) {
    queue = new SoakQueue(settings);
    await queue.start();
    return { queueUrl: queue.queueUrl };
  },
  burst(isOn) {
    theQueue().sender.isBurst = isOn;
  },
  outage: (isOn) => theQueue().outage(isOn),
  endLoad: () => theQueue().endLoad(),
  sample: () => theQueue().sample(),
  account: (finishes) => theQueue().account(finishes),
};

answerCalls(calls);
