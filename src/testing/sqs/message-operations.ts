// The operations on messages: send, receive, delete, change the visibility; one at a time and in batches.

import type {
  EmptyOutput,
  OutgoingMessage,
  ReceiveMessageInput,
  ReceiveMessageOutput,
  SendMessageOutput,
  SqsBatchEntry,
  SqsBatchFailure,
  SqsBatchOutput,
  SqsInput,
  SqsMessage,
  SqsMessageAttributes,
  SqsOperation,
  SqsOutput,
} from "./api.js";
import { ExpiredHandleError, overLimit, requestAborted, SqsServiceError } from "./errors.js";
import type { Fault } from "./faults.js";
import {
  checkBatch,
  checkBatchIds,
  checkBatchSize,
  checkForQueueType,
  checkMessage,
  checkPrintableId,
  numberInRange,
  required,
} from "./limits.js";
import { md5OfAttributes, sha256OfText } from "./digests.js";
import type { QueueRegistry } from "./queue-registry.js";
import type { Queue } from "./queue.js";
import { StoredMessage } from "./stored-message.js";
import type { ReceiveRequest } from "./waiting-polls.js";

/** A request that has arrived, and what is to go wrong with it. */
export interface ArrivedRequest {
  readonly registry: QueueRegistry;
  readonly fault: Fault;
  readonly abortSignal: AbortSignal | undefined;
  readonly accessKeyId: string | undefined;
  nextMessageId(): string;
}

interface PreparedMessage {
  readonly message: StoredMessage;
  readonly delayMs: number;
  /** What the sender is told of: the message, or on a FIFO queue the one that it repeats. */
  readonly acknowledged: StoredMessage;
}

export function sendMessage(input: SqsInput<"SendMessage">, request: ArrivedRequest): SendMessageOutput {
  const queue = request.registry.byUrl(input.QueueUrl);
  const prepared = prepareMessage(queue, input, request);
  addNew(queue, [prepared]);
  return describeSent(prepared, input);
}

export function sendMessageBatch(
  input: SqsInput<"SendMessageBatch">,
  request: ArrivedRequest,
): SqsOutput<"SendMessageBatch"> {
  const queue = request.registry.byUrl(input.QueueUrl);
  const accepted: PreparedMessage[] = [];
  const entries = checkBatch("SendMessageBatch", input.Entries);
  checkBatchSize(entries);
  checkBatchIds(entries, queue.settings);
  const output = runBatch({ operation: "SendMessageBatch", entries: input.Entries, request }, (entry) => {
    const prepared = prepareMessage(queue, entry, request);
    accepted.push(prepared);
    return { Id: entry.Id, ...describeSent(prepared, entry) };
  });
  addNew(queue, accepted);
  return output;
}

/** Answers at once when it can, so that nothing but a long poll on an empty queue has to wait. */
export function receiveMessage(
  input: ReceiveMessageInput,
  { registry, fault, abortSignal, accessKeyId }: ArrivedRequest,
): ReceiveMessageOutput | Promise<ReceiveMessageOutput> {
  const queue = registry.byUrl(input.QueueUrl);
  const { receiveRequest, waitMs } = parseReceive(queue, input, accessKeyId);
  const { dice, faults, mostInFlight } = registry.surroundings;
  const isShortPoll = waitMs === 0;
  // A FIFO queue says nothing at the limit: "Amazon SQS does not return an error" (SQS developer guide, "Avoid large
  // message backlogs with the same message group ID").
  if (isShortPoll && !queue.settings.isFifo && !queue.hasRoomInFlight) throw overLimit(mostInFlight);
  const isEmptyByFault = fault.kind === "emptyReceive" || (isShortPoll && dice.happens(faults.emptyShortPolls));
  const messages = isEmptyByFault ? [] : queue.receive(receiveRequest);
  if (messages.length > 0 || isShortPoll || isEmptyByFault) return describeReceived(registry, messages);
  return new Promise((resolve, reject) => {
    const poll = queue.wait(receiveRequest, waitMs, (received) => {
      abortSignal?.removeEventListener("abort", abort);
      resolve(describeReceived(registry, received));
    });
    const abort = (): void => {
      abortSignal?.removeEventListener("abort", abort);
      if (!faults.abortedPollsSwallowMessages) queue.leave(poll);
      reject(requestAborted());
    };
    abortSignal?.addEventListener("abort", abort);
  });
}

/** Keeps a receive that was throttled from being repeated with its attempt id. */
export function noteThrottled(input: ReceiveMessageInput, registry: QueueRegistry): void {
  const { QueueUrl, ReceiveRequestAttemptId } = input;
  if (ReceiveRequestAttemptId) registry.byUrl(QueueUrl).noteThrottled(ReceiveRequestAttemptId);
}

export function deleteMessage(input: SqsInput<"DeleteMessage">, { registry }: ArrivedRequest): EmptyOutput {
  registry.byUrl(input.QueueUrl).delete(required(input.ReceiptHandle, "ReceiptHandle"));
  return {};
}

export function deleteMessageBatch(
  input: SqsInput<"DeleteMessageBatch">,
  request: ArrivedRequest,
): SqsOutput<"DeleteMessageBatch"> {
  const queue = request.registry.byUrl(input.QueueUrl);
  return runBatch({ operation: "DeleteMessageBatch", entries: input.Entries, request }, ({ Id, ReceiptHandle }) => {
    queue.delete(required(ReceiptHandle, "ReceiptHandle"));
    return { Id };
  });
}

export function changeMessageVisibility(
  input: SqsInput<"ChangeMessageVisibility">,
  { registry }: ArrivedRequest,
): EmptyOutput {
  changeVisibility(registry.byUrl(input.QueueUrl), input);
  return {};
}

export function changeMessageVisibilityBatch(
  input: SqsInput<"ChangeMessageVisibilityBatch">,
  request: ArrivedRequest,
): SqsOutput<"ChangeMessageVisibilityBatch"> {
  const queue = request.registry.byUrl(input.QueueUrl);
  return runBatch({ operation: "ChangeMessageVisibilityBatch", entries: input.Entries, request }, (entry) => {
    changeVisibility(queue, entry);
    return { Id: entry.Id };
  });
}

interface VisibilityChange {
  readonly ReceiptHandle: string | undefined;
  readonly VisibilityTimeout?: number | undefined;
}

function changeVisibility(queue: Queue, { ReceiptHandle, VisibilityTimeout }: VisibilityChange): void {
  const handle = required(ReceiptHandle, "ReceiptHandle");
  const seconds = required(VisibilityTimeout, "VisibilityTimeout");
  queue.changeVisibility(handle, numberInRange("VisibilityTimeout", seconds, seconds));
}

interface Batch<Entry extends SqsBatchEntry> {
  readonly operation: SqsOperation;
  readonly entries: readonly Entry[] | undefined;
  readonly request: ArrivedRequest;
}

/** Does the same for each entry: what one entry does wrong is told of that entry only. */
function runBatch<Entry extends SqsBatchEntry, Result>(
  { operation, entries: given, request }: Batch<Entry>,
  action: (entry: Entry & { readonly Id: string }) => Result,
): SqsBatchOutput<Result> {
  const entries = checkBatch(operation, given);
  const { dice } = request.registry.surroundings;
  const failing = dice.failedEntries(operation, request.fault, entries.length);
  const successful: Result[] = [];
  const failed: SqsBatchFailure[] = [];
  for (const [position, entry] of entries.entries()) {
    const failure = failing.get(position);
    if (failure !== undefined) {
      failed.push(injectedFailure(entry.Id, failure.senderFault));
      continue;
    }
    try {
      successful.push(action(entry));
    } catch (error) {
      if (!(error instanceof SqsServiceError)) throw error;
      const { Code, Message } =
        error instanceof ExpiredHandleError ? error.inBatch : { Code: error.name, Message: error.message };
      failed.push({ Id: entry.Id, Code, Message, SenderFault: error.$fault === "client" });
    }
  }
  return failed.length > 0 ? { Successful: successful, Failed: failed } : { Successful: successful };
}

function injectedFailure(id: string, senderFault: boolean): SqsBatchFailure {
  return senderFault
    ? { Id: id, Code: "InvalidParameterValue", Message: "A failure that was asked for.", SenderFault: true }
    : {
        Id: id,
        Code: "InternalError",
        Message: "We encountered an internal error. Please try again.",
        SenderFault: false,
      };
}

function prepareMessage(queue: Queue, outgoing: OutgoingMessage, request: ArrivedRequest): PreparedMessage {
  checkMessage(outgoing, queue.settings.largestMessageBytes);
  checkForQueueType(outgoing, queue.settings);
  const delaySeconds = numberInRange("DelaySeconds", outgoing.DelaySeconds, queue.settings.delayMs / 1000);
  const message = new StoredMessage(request.nextMessageId(), outgoing, request.registry.surroundings.clock.now());
  if (!queue.settings.isFifo) return { message, delayMs: delaySeconds * 1000, acknowledged: message };
  if (queue.settings.isContentDeduplicated) message.deduplicationId ??= sha256OfText(message.body);
  return { message, delayMs: queue.settings.delayMs, acknowledged: queue.admit(message) };
}

/** Adds what is not acknowledged as another message. */
function addNew(queue: Queue, prepared: readonly PreparedMessage[]): void {
  queue.add(prepared.filter(({ message, acknowledged }) => message === acknowledged));
}

/** The digests are those of what was sent, so that the sender can check them, even if it is not kept. */
function describeSent({ message, acknowledged }: PreparedMessage, outgoing: OutgoingMessage): SendMessageOutput {
  const output: SendMessageOutput = { MessageId: acknowledged.id, MD5OfMessageBody: message.md5OfBody };
  if (message.md5OfAttributes !== undefined) output.MD5OfMessageAttributes = message.md5OfAttributes;
  if (acknowledged.sequenceNumber !== undefined) output.SequenceNumber = acknowledged.sequenceNumber;
  const system: SqsMessageAttributes | undefined = outgoing.MessageSystemAttributes;
  if (system && Object.keys(system).length > 0) output.MD5OfMessageSystemAttributes = md5OfAttributes(system);
  return output;
}

function describeReceived(registry: QueueRegistry, messages: SqsMessage[]): ReceiveMessageOutput {
  if (messages.length > 0) return { Messages: messages };
  registry.surroundings.statistics.emptyReceives += 1;
  return {};
}

const NO_NAMES: readonly string[] = [];

function parseReceive(
  queue: Queue,
  input: ReceiveMessageInput,
  accessKeyId: string | undefined,
): { receiveRequest: ReceiveRequest; waitMs: number } {
  const { settings } = queue;
  const { ReceiveRequestAttemptId: attemptId } = input;
  checkPrintableId("ReceiveRequestAttemptId", attemptId);
  const system = joinNames(input.MessageSystemAttributeNames, input.AttributeNames);
  return {
    waitMs: numberInRange("WaitTimeSeconds", input.WaitTimeSeconds, settings.waitMs / 1000) * 1000,
    receiveRequest: {
      maxMessages: numberInRange("MaxNumberOfMessages", input.MaxNumberOfMessages, 1),
      visibilityMs: numberInRange("VisibilityTimeout", input.VisibilityTimeout, settings.visibilityMs / 1000) * 1000,
      wanted: { system, custom: input.MessageAttributeNames ?? NO_NAMES },
      // A standard queue takes no notice of it (awspring/spring-cloud-aws issue 529).
      attemptId: settings.isFifo ? (attemptId ?? undefined) : undefined,
      accessKeyId,
    },
  };
}

function joinNames(
  names: readonly string[] | undefined,
  legacyNames: readonly string[] | undefined,
): readonly string[] {
  if (names === undefined || names === null) return legacyNames ?? NO_NAMES;
  return legacyNames && legacyNames.length > 0 ? [...names, ...legacyNames] : names;
}
