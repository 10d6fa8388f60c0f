// SQS as a subject of the runner contract: the simulation, called directly on a virtual clock or over HTTP in real time.
import { SQSClient } from "@aws-sdk/client-sqs";
import { type Message, type SqsPort, SqsRunner, type SqsRunnerOptions } from "millrace";
import {
  inRealTime,
  inVirtualTime,
  type RunnerHarness,
  type RunnerSubject,
  type RunnerTraits,
  seededRandom,
  SimulatedSqs,
  SqsServer,
  SqsServiceError,
  VirtualClock,
} from "millrace/testing";

const traits: RunnerTraits = {
  hasDelays: true,
  hasDeadLetters: true,
  countsAttempts: true,
  takesBack: true,
  canFail: true,
  canHang: true,
  canBeMissing: true,
  canBeLost: true,
  countsRequests: true,
  hasStats: true,
  showsLeftovers: true,
};

const QUEUE = "jobs";
const DEAD_LETTERS = "jobs-dead";

/** One queue, and every hand that the suite needs in it. */
class SqsSource {
  readonly sqs: SimulatedSqs;
  readonly queueUrl: string;
  readonly deadLetterUrl: string;
  /** Of each message that was received, by body. */
  readonly #handles = new Map<string, string>();

  private constructor(parts: { sqs: SimulatedSqs; queueUrl: string; deadLetterUrl: string }) {
    this.sqs = parts.sqs;
    this.queueUrl = parts.queueUrl;
    this.deadLetterUrl = parts.deadLetterUrl;
  }

  static async create(sqs: SimulatedSqs, type: "standard" | "fifo" = "standard"): Promise<SqsSource> {
    const suffix = type === "fifo" ? ".fifo" : "";
    const Attributes = type === "fifo" ? { FifoQueue: "true", ContentBasedDeduplication: "true" } : undefined;
    const dead = await sqs.createQueue({ QueueName: DEAD_LETTERS + suffix, ...(Attributes && { Attributes }) });
    const deadLetterTargetArn = `arn:aws:sqs:us-east-1:000000000000:${DEAD_LETTERS}${suffix}`;
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 100 });
    const { QueueUrl } = await sqs.createQueue({
      QueueName: QUEUE + suffix,
      Attributes: { ...Attributes, RedrivePolicy },
    });
    return new SqsSource({ sqs, queueUrl: QueueUrl, deadLetterUrl: dead.QueueUrl });
  }

  /** The members of a harness, for runners with these options. */
  harness(options: Partial<SqsRunnerOptions>) {
    const { sqs, queueUrl } = this;
    const createRunner = (url: string): SqsRunner => new SqsRunner({ queueUrl: url, ...options });
    return {
      createRunner: () => createRunner(queueUrl),
      createRunnerWithoutSource: () => createRunner(queueUrl.replace(QUEUE, "no-such-queue")),
      send: (bodies) => this.#send(bodies),
      sendInLane: (bodies, lane) => this.#send(bodies, lane),
      bodyOf: ({ Body = "" }) => Body,
      look: () => {
        const { visible, inFlight, delayed } = sqs.counts(queueUrl);
        return { ready: visible, held: inFlight + delayed, dead: sqs.counts(this.deadLetterUrl).visible };
      },
      asked: () => sqs.requestCount("ReceiveMessage"),
      fail: () => {
        sqs.faults.connectionResets = 1;
        sqs.close(); // What is out is answered, and what comes after it fails.
      },
      hang: () => void (sqs.faults.hangs = 1),
      heal: () => sqs.clearFaults(),
      lose: () => {
        const error = new SqsServiceError("AccessDenied", "Access to the resource is denied.", { httpStatusCode: 403 });
        sqs.faults.script = () => ({ kind: "error", error });
        sqs.close();
      },
      takeBack: (body) => this.#refuseExtensions(body),
      leftovers: () => (sqs.waitingPolls(queueUrl) === 0 ? [] : ["a long poll"]),
    } satisfies Partial<RunnerHarness<Message>>;
  }

  /** The service as a port that remembers receipt handles. */
  get port(): SqsPort {
    const { sqs } = this;
    return {
      receiveMessage: async (input, options) => {
        const answer = await sqs.receiveMessage(input, options);
        for (const { Body = "", ReceiptHandle = "" } of answer.Messages ?? []) this.#handles.set(Body, ReceiptHandle);
        return answer;
      },
      deleteMessageBatch: (input) => sqs.deleteMessageBatch(input),
      changeMessageVisibilityBatch: (input) => sqs.changeMessageVisibilityBatch(input),
      sendMessageBatch: (input) => sqs.sendMessageBatch(input),
      getQueueAttributes: (input) => sqs.getQueueAttributes(input),
      getQueueUrl: (input) => sqs.getQueueUrl(input),
    };
  }

  /** On a FIFO queue messages without a lane are each a group of their own. */
  async #send(bodies: readonly string[], lane?: string): Promise<void> {
    const faults = { ...this.sqs.faults };
    this.sqs.clearFaults();
    for (const MessageBody of bodies) {
      const group = { MessageGroupId: (lane ?? MessageBody).replaceAll(" ", "-") };
      const isFifo = this.queueUrl.endsWith(".fifo");
      await this.sqs.sendMessage({ QueueUrl: this.queueUrl, MessageBody, ...(isFifo && group) });
    }
    Object.assign(this.sqs.faults, faults);
  }

  /** The lease of a message is no longer renewed, and lapses when its time is over. */
  #refuseExtensions(body: string): void {
    const handle = this.#handles.get(body);
    this.sqs.faults.script = ({ operation, input }) => {
      if (operation !== "ChangeMessageVisibilityBatch") return undefined;
      const { Entries } = input as { Entries: Array<{ ReceiptHandle: string }> };
      const position = Entries.findIndex(({ ReceiptHandle }) => ReceiptHandle === handle);
      return position === -1 ? undefined : { kind: "failEntries", positions: [position], senderFault: true };
    };
  }
}

async function createVirtualHarness(type: "standard" | "fifo"): Promise<RunnerHarness<Message>> {
  const clock = new VirtualClock();
  const source = await SqsSource.create(new SimulatedSqs({ clock }), type);
  const harness = source.harness({ client: source.port, random: seededRandom(7) });
  return {
    ...harness,
    clock,
    until: inVirtualTime(clock),
    leftovers() {
      const timers = clock.pendingTimers === 0 ? [] : [`${clock.pendingTimers} timers`];
      return [...harness.leftovers(), ...timers];
    },
  };
}

/** The runner of a standard queue on a virtual clock. */
export const simulatedSqsSubject: RunnerSubject<Message> = {
  traits: { ...traits, hasLeases: true, leaseMs: 30_000 },
  createHarness: () => createVirtualHarness("standard"),
};

/** The runner of a FIFO queue on a virtual clock. */
export const simulatedFifoSubject: RunnerSubject<Message> = {
  traits: { ...traits, hasLeases: true, leaseMs: 30_000, hasLanes: true },
  createHarness: () => createVirtualHarness("fifo"),
};

/**
 * The runner with the real SDK, over HTTP. Receipt handles are not seen there, so nothing can be taken back. Long polls are
 * short, and none is aborted: one that was could still be given a message, as with SQS.
 */
export const httpSqsSubject: RunnerSubject<Message> = {
  traits: { ...traits, takesBack: false },
  async createHarness() {
    const server = new SqsServer();
    await server.start();
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const client = new SQSClient({ region: "us-east-1", endpoint: server.endpoint, credentials });
    const source = await SqsSource.create(server.sqs);
    return {
      ...source.harness({ client, waitTimeSeconds: 1, visibilityTimeoutSeconds: 5, pollGraceMs: 2_000 }),
      until: inRealTime(),
      async end() {
        client.destroy();
        await server.stop();
      },
    };
  },
};
