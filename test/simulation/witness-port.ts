// Stands between one consumer and the service, and writes down every request.
import type { SqsPort } from "millrace";
import type { SimulatedSqs } from "millrace/testing";

type WitnessedOperation =
  | "ReceiveMessage"
  | "DeleteMessageBatch"
  | "ChangeMessageVisibilityBatch"
  | "SendMessageBatch"
  | "GetQueueAttributes"
  | "GetQueueUrl";

interface WitnessedEntry {
  readonly receiptHandle: string | undefined;
  readonly body: string | undefined;
  readonly seconds: number | undefined;
}

export interface WitnessedRequest {
  readonly consumer: number;
  readonly operation: WitnessedOperation;
  readonly sentAtMs: number;
  /** Of a receive: how many messages were asked for. */
  readonly asked: number;
  readonly waitSeconds: number;
  readonly entries: readonly WitnessedEntry[];
  readonly abortSignal: AbortSignal | undefined;
  /** When the consumer gave it up. */
  abortedAtMs: number | undefined;
  endedAtMs: number | undefined;
  /** The error it ended with. */
  error: string | undefined;
  /** Of a receive: the handles that came. */
  handles: readonly string[];
  /** Of a batch: which entries failed. */
  failedPositions: ReadonlySet<number>;
  /** Whether one of them is not to be tried again. */
  failedForGood: boolean;
}

/** What is told of requests. */
export interface Witness {
  now(): number;
  /** False when the request is not to be sent: there are too many at this moment, and the history must not go on. */
  began(request: WitnessedRequest): boolean;
  ended(request: WitnessedRequest): void;
  aborted(request: WitnessedRequest): void;
  /** Resolves when the process gets to the answer; undefined when that is at once. */
  turn(): Promise<void> | undefined;
}

interface BatchEntry {
  readonly ReceiptHandle?: string | undefined;
  readonly MessageBody?: string | undefined;
  readonly VisibilityTimeout?: number | undefined;
}

const NONE: ReadonlySet<number> = new Set();

/** Answers of any operation, as far as the witness looks into them. */
interface Answer {
  readonly Messages?: ReadonlyArray<{ readonly ReceiptHandle?: string | undefined }> | undefined;
  readonly Failed?:
    ReadonlyArray<{ readonly Id?: string | undefined; readonly SenderFault?: boolean | undefined }> | undefined;
}

/** The answer, when its process gets to it. */
async function inTurn<Output>(answer: Promise<Output>, witness: Witness): Promise<Output> {
  try {
    return await answer;
  } finally {
    await witness.turn();
  }
}

/** The service, as one consumer reaches it under the eyes of the witness. */
export function createWitnessPort(sqs: SimulatedSqs, consumer: number, witness: Witness): SqsPort {
  async function watch<Output>(
    operation: WitnessedOperation,
    facts: {
      asked?: number;
      waitSeconds?: number | undefined;
      entries?: readonly BatchEntry[];
      abortSignal?: AbortSignal | undefined;
    },
    call: () => Promise<Output>,
  ): Promise<Output> {
    const request: WitnessedRequest = {
      consumer,
      operation,
      sentAtMs: witness.now(),
      asked: facts.asked ?? 0,
      waitSeconds: facts.waitSeconds ?? 0,
      entries: (facts.entries ?? []).map((entry) => ({
        receiptHandle: entry.ReceiptHandle,
        body: entry.MessageBody,
        seconds: entry.VisibilityTimeout,
      })),
      abortSignal: facts.abortSignal,
      abortedAtMs: undefined,
      endedAtMs: undefined,
      error: undefined,
      handles: [],
      failedPositions: NONE,
      failedForGood: false,
    };
    if (!witness.began(request)) return new Promise(() => undefined);
    const abort = (): void => {
      request.abortedAtMs = witness.now();
      witness.aborted(request);
    };
    request.abortSignal?.addEventListener("abort", abort, { once: true });
    try {
      const output = await inTurn(call(), witness);
      const { Messages = [], Failed = [] } = output as Answer;
      request.handles = Messages.map(({ ReceiptHandle }) => ReceiptHandle as string);
      if (Failed.length > 0) {
        request.failedPositions = new Set(Failed.map(({ Id }) => Number(Id)));
        request.failedForGood = Failed.some(({ SenderFault }) => SenderFault === true);
      }
      return output;
    } catch (error) {
      request.error = (error as Error).name;
      throw error;
    } finally {
      request.abortSignal?.removeEventListener("abort", abort);
      request.endedAtMs = witness.now();
      witness.ended(request);
    }
  }
  return {
    receiveMessage: (input, options) =>
      watch(
        "ReceiveMessage",
        {
          asked: input.MaxNumberOfMessages,
          waitSeconds: input.WaitTimeSeconds,
          abortSignal: options?.abortSignal,
        },
        () => sqs.receiveMessage(input, options),
      ),
    deleteMessageBatch: (input) =>
      watch("DeleteMessageBatch", { entries: input.Entries }, () => sqs.deleteMessageBatch(input)),
    changeMessageVisibilityBatch: (input) =>
      watch("ChangeMessageVisibilityBatch", { entries: input.Entries }, () => sqs.changeMessageVisibilityBatch(input)),
    sendMessageBatch: (input) =>
      watch("SendMessageBatch", { entries: input.Entries }, () => sqs.sendMessageBatch(input)),
    getQueueAttributes: (input) => watch("GetQueueAttributes", {}, () => sqs.getQueueAttributes(input)),
    getQueueUrl: (input) => watch("GetQueueUrl", {}, () => sqs.getQueueUrl(input)),
  };
}
