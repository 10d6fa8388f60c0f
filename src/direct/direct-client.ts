// The calls of SqsPort over undici: what a request costs is signing it, writing it, and parsing its answer.
import {
  type BatchOutput,
  CANCELLATION,
  type ListQueuesOutput,
  type ReceiveMessageInput,
  type ReceiveOptions,
  type SendEntry,
  type SqsPort,
} from "../sqs/port.js";
import type { Message } from "../sqs/message.js";
import { call, type CallSettings } from "./call.js";
import { type DirectClientOptions, type ResolvedDirectOptions, resolveDirectOptions } from "./options.js";
import { decodeMessages, encodeEntries, verifyChecksums, verifySentChecksums } from "./output.js";
import { Transport } from "./transport.js";

/** The longest wait of a queue that a receive does not name one for, in seconds. */
const LONGEST_WAIT_SECONDS = 20;

/** A client that `directClient` has made: what the option `client` of a consumer takes. */
export interface DirectClient extends Required<SqsPort>, AsyncDisposable {
  /**
   * Waits for the requests that are out, then closes its sockets. There is no need to: idle sockets close by themselves after
   * half a minute, and do not keep the process.
   */
  close(): Promise<void>;
  /** Closes its sockets; requests that are out fail. */
  destroy(): Promise<void>;
}

/**
 * Makes a client that speaks to SQS by itself, over undici, for a fraction of the SDK's CPU time. Region, credentials and
 * endpoint come from an SDK client; its middleware is not used. See docs/direct.md for what differs.
 *
 * Nothing is loaded or opened before the first call. That call rejects with `PEER_MISSING` where undici is not installed.
 *
 * @example
 * ```ts
 * const consumer = new Consumer(handler, { queueUrl, client: directClient(), concurrency: 100 });
 * ```
 *
 * @throws OptionError when an option cannot be used.
 */
export function directClient(options: DirectClientOptions = {}): DirectClient {
  return new UndiciClient(resolveDirectOptions(options));
}

/** What a receive brings. */
interface ReceiveOutput {
  Messages?: Message[] | undefined;
}

class UndiciClient implements DirectClient {
  readonly #options: ResolvedDirectOptions;
  readonly #transport: Transport;
  readonly #readMessages: (output: ReceiveOutput) => ReceiveOutput;

  constructor(options: ResolvedDirectOptions) {
    this.#options = options;
    this.#transport = new Transport(options);
    this.#readMessages = options.shouldVerifyChecksums ? readVerifiedMessages : readMessages;
  }

  receiveMessage(input: ReceiveMessageInput, options?: ReceiveOptions): Promise<ReceiveOutput> {
    const waitSeconds = input.WaitTimeSeconds ?? LONGEST_WAIT_SECONDS;
    return call(this.#transport, {
      operation: "ReceiveMessage",
      queueUrl: input.QueueUrl,
      body: JSON.stringify(input),
      timeoutMs: this.#options.requestTimeoutMs + waitSeconds * 1_000,
      maxAttempts: 1,
      isReceive: true,
      signal: options?.[CANCELLATION] ?? options?.abortSignal,
      secrets: noSecrets,
      read: this.#readMessages,
    });
  }

  deleteMessageBatch(input: Parameters<SqsPort["deleteMessageBatch"]>[0]): Promise<BatchOutput> {
    return this.#call("DeleteMessageBatch", input, { secrets: () => handlesOf(input.Entries) });
  }

  changeMessageVisibilityBatch(input: Parameters<SqsPort["changeMessageVisibilityBatch"]>[0]): Promise<BatchOutput> {
    return this.#call("ChangeMessageVisibilityBatch", input, { secrets: () => handlesOf(input.Entries) });
  }

  sendMessageBatch({ QueueUrl, Entries }: { QueueUrl: string; Entries: SendEntry[] }): Promise<BatchOutput> {
    const input = { QueueUrl, Entries: encodeEntries(Entries) };
    return this.#call<BatchOutput>("SendMessageBatch", input, {
      secrets: () => Entries.map(({ MessageBody }) => MessageBody),
      ...(this.#options.shouldVerifyChecksums && {
        read: (output) => verifySentChecksums(Entries, output as BatchOutput),
      }),
    });
  }

  getQueueAttributes(
    input: Parameters<Required<SqsPort>["getQueueAttributes"]>[0],
  ): ReturnType<Required<SqsPort>["getQueueAttributes"]> {
    return this.#call("GetQueueAttributes", input);
  }

  getQueueUrl(input: Parameters<Required<SqsPort>["getQueueUrl"]>[0]): ReturnType<Required<SqsPort>["getQueueUrl"]> {
    return this.#call("GetQueueUrl", { ...input, QueueUrl: undefined });
  }

  listQueues(
    input: Parameters<Required<SqsPort>["listQueues"]>[0],
    options?: { abortSignal?: AbortSignal },
  ): Promise<ListQueuesOutput> {
    return this.#call("ListQueues", { ...input, QueueUrl: undefined }, { signal: options?.abortSignal });
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  destroy(): Promise<void> {
    return this.#transport.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** A call that is not a receive. */
  #call<Output>(
    operation: string,
    input: { readonly QueueUrl: string | undefined },
    details: Partial<Pick<CallSettings<Output>, "signal" | "secrets" | "read">> = {},
  ): Promise<Output> {
    const { requestTimeoutMs, maxAttempts } = this.#options;
    return call<Output>(this.#transport, {
      operation,
      queueUrl: input.QueueUrl,
      body: JSON.stringify(input),
      timeoutMs: requestTimeoutMs,
      maxAttempts,
      isReceive: false,
      signal: details.signal,
      secrets: details.secrets ?? noSecrets,
      read: details.read ?? asItIs,
    });
  }
}

const noSecrets = (): readonly string[] => [];

function asItIs<Output>(output: object): Output {
  return output as Output;
}

function handlesOf(entries: ReadonlyArray<{ readonly ReceiptHandle: string }>): string[] {
  return entries.map(({ ReceiptHandle }) => ReceiptHandle);
}

function readMessages(output: ReceiveOutput): ReceiveOutput {
  decodeMessages(output.Messages);
  return output;
}

function readVerifiedMessages(output: ReceiveOutput): ReceiveOutput {
  verifyChecksums(output.Messages);
  return readMessages(output);
}
