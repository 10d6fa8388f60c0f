// The operations on queues: create, delete, purge, attributes, tags, dead-letter sources, moving dead letters back.

import type { EmptyOutput, SqsInput, SqsOutput } from "./api.js";
import { invalidAttributeName, invalidParameter, purgeInProgress, resourceNotFound } from "./errors.js";
import { required } from "./limits.js";
import type { ArrivedRequest } from "./message-operations.js";
import type { SqsMessageMoveTask } from "./queue-api.js";
import type { Queue } from "./queue.js";
import { StoredMessage } from "./stored-message.js";

const PURGE_INTERVAL_MS = 60_000;
const MOST_LISTED = 1000;

export function createQueue(input: SqsInput<"CreateQueue">, { registry }: ArrivedRequest): SqsOutput<"CreateQueue"> {
  return { QueueUrl: registry.url(registry.create(input)) };
}

export function deleteQueue(input: SqsInput<"DeleteQueue">, { registry }: ArrivedRequest): EmptyOutput {
  registry.delete(registry.byUrl(input.QueueUrl));
  return {};
}

export function purgeQueue(input: SqsInput<"PurgeQueue">, { registry }: ArrivedRequest): EmptyOutput {
  const queue = registry.byUrl(input.QueueUrl);
  const now = registry.surroundings.clock.now();
  if (now < queue.purgedAt + PURGE_INTERVAL_MS) throw purgeInProgress(queue.identity.name);
  queue.purge();
  return {};
}

export function getQueueUrl(input: SqsInput<"GetQueueUrl">, { registry }: ArrivedRequest): SqsOutput<"GetQueueUrl"> {
  return { QueueUrl: registry.url(registry.byName(input.QueueName)) };
}

export function listQueues(input: SqsInput<"ListQueues">, { registry }: ArrivedRequest): SqsOutput<"ListQueues"> {
  const { QueueNamePrefix: prefix = "", MaxResults, NextToken } = input;
  const queues = registry.all().filter(({ identity }) => identity.name.startsWith(prefix ?? ""));
  const { page, nextToken } = paginate(queues, MaxResults, NextToken);
  if (page.length === 0) return {};
  return { QueueUrls: page.map((queue) => registry.url(queue)), ...(nextToken && { NextToken: nextToken }) };
}

export function getQueueAttributes(
  input: SqsInput<"GetQueueAttributes">,
  { registry }: ArrivedRequest,
): SqsOutput<"GetQueueAttributes"> {
  const queue = registry.byUrl(input.QueueUrl);
  const names = input.AttributeNames ?? [];
  if (names.length === 0) return {};
  const all = describeQueue(queue, registry.surroundings.toEpochMs);
  if (names.includes("All")) return { Attributes: all };
  const attributes: Record<string, string> = {};
  for (const name of names) {
    const value = all[name];
    if (value !== undefined) attributes[name] = value;
    else if (!OPTIONAL_ATTRIBUTES.has(name)) throw invalidAttributeName(name);
  }
  return { Attributes: attributes };
}

export function setQueueAttributes(input: SqsInput<"SetQueueAttributes">, { registry }: ArrivedRequest): EmptyOutput {
  const queue = registry.byUrl(input.QueueUrl);
  queue.settings.change(required(input.Attributes, "Attribute.Name"));
  queue.noteChange();
  return {};
}

export function tagQueue(input: SqsInput<"TagQueue">, { registry }: ArrivedRequest): EmptyOutput {
  const { tags } = registry.byUrl(input.QueueUrl);
  for (const [key, value] of Object.entries(required(input.Tags, "Tags"))) tags.set(key, value);
  return {};
}

export function untagQueue(input: SqsInput<"UntagQueue">, { registry }: ArrivedRequest): EmptyOutput {
  const { tags } = registry.byUrl(input.QueueUrl);
  for (const key of required(input.TagKeys, "TagKeys")) tags.delete(key);
  return {};
}

export function listQueueTags(
  input: SqsInput<"ListQueueTags">,
  { registry }: ArrivedRequest,
): SqsOutput<"ListQueueTags"> {
  const { tags } = registry.byUrl(input.QueueUrl);
  return tags.size > 0 ? { Tags: Object.fromEntries(tags) } : {};
}

export function listDeadLetterSourceQueues(
  input: SqsInput<"ListDeadLetterSourceQueues">,
  { registry }: ArrivedRequest,
): SqsOutput<"ListDeadLetterSourceQueues"> {
  const { arn } = registry.byUrl(input.QueueUrl).identity;
  const sources = registry.all().filter(({ settings }) => settings.redrivePolicy?.deadLetterTargetArn === arn);
  const { page, nextToken } = paginate(sources, input.MaxResults, input.NextToken);
  return { queueUrls: page.map((queue) => registry.url(queue)), ...(nextToken && { NextToken: nextToken }) };
}

/** Moves all dead letters at once; the service does it in the background, at a pace of its own. */
export function startMessageMoveTask(
  input: SqsInput<"StartMessageMoveTask">,
  request: ArrivedRequest,
  tasks: SqsMessageMoveTask[],
): SqsOutput<"StartMessageMoveTask"> {
  const { registry } = request;
  const source = registry.findByArn(required(input.SourceArn, "SourceArn"));
  if (source === undefined) throw missingResource("SourceArn");
  const { arn } = source.identity;
  if (!registry.all().some(({ settings }) => settings.redrivePolicy?.deadLetterTargetArn === arn)) {
    throw invalidParameter("Source queue must be configured as a Dead Letter Queue.");
  }
  const destination = input.DestinationArn === undefined ? undefined : registry.findByArn(input.DestinationArn);
  if (input.DestinationArn !== undefined && destination === undefined) throw missingResource("DestinationArn");
  if (destination !== undefined && destination.settings.isFifo !== source.settings.isFifo) {
    throw invalidParameter("Source and destination queues must be of the same type.");
  }
  const moved = moveAll(source, destination, request);
  const task: SqsMessageMoveTask = {
    Status: "COMPLETED",
    SourceArn: arn,
    ...(destination && { DestinationArn: destination.identity.arn }),
    ApproximateNumberOfMessagesMoved: moved,
    StartedTimestamp: registry.surroundings.toEpochMs(registry.surroundings.clock.now()),
  };
  tasks.unshift(task);
  return { TaskHandle: `task-${tasks.length}` };
}

export function listMessageMoveTasks(
  input: SqsInput<"ListMessageMoveTasks">,
  { registry }: ArrivedRequest,
  tasks: readonly SqsMessageMoveTask[],
): SqsOutput<"ListMessageMoveTasks"> {
  const arn = required(input.SourceArn, "SourceArn");
  if (registry.findByArn(arn) === undefined) throw missingResource("SourceArn");
  return { Results: tasks.filter((task) => task.SourceArn === arn).slice(0, input.MaxResults ?? 1) };
}

/** A message that is moved back counts as new: another id, sent now, never received. */
function moveAll(source: Queue, destination: Queue | undefined, request: ArrivedRequest): number {
  const { registry } = request;
  const { clock, journal } = registry.surroundings;
  let moved = 0;
  for (const old of source.takeAllVisible()) {
    const target = destination ?? registry.findByArn(old.deadLetterSourceArn ?? "");
    if (target === undefined) {
      source.adopt(old);
      continue;
    }
    const toQueueName = target.identity.name;
    const atMs = clock.now();
    journal?.record({ kind: "moved", toQueueName, atMs, messageId: old.id, queueName: source.identity.name });
    const message = new StoredMessage(request.nextMessageId(), old.toOutgoing(), atMs);
    if (target.admit(message) === message) target.add([{ message, delayMs: 0 }]);
    moved += 1;
  }
  return moved;
}

const missingResource = (parameter: string): Error =>
  resourceNotFound(`The resource that you specified for the ${parameter} parameter doesn't exist.`);

/** What a queue need not have; what only FIFO queues have is unknown to others. */
const OPTIONAL_ATTRIBUTES = new Set([
  "Policy",
  "RedrivePolicy",
  "RedriveAllowPolicy",
  "KmsMasterKeyId",
  "KmsDataKeyReusePeriodSeconds",
]);

function describeQueue(queue: Queue, toEpochMs: (clockMs: number) => number): Record<string, string> {
  const { visible, inFlight, delayed } = queue.counts;
  const toSeconds = (clockMs: number): string => String(Math.floor(toEpochMs(clockMs) / 1000));
  return {
    QueueArn: queue.identity.arn,
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    CreatedTimestamp: toSeconds(queue.createdAt),
    LastModifiedTimestamp: toSeconds(queue.changedAt),
    ...Object.fromEntries(queue.settings.entries()),
  };
}

function paginate<Item>(
  items: readonly Item[],
  maxResults: number | undefined,
  token: string | undefined,
): { page: readonly Item[]; nextToken: string | undefined } {
  const start = Number(token ?? 0);
  const end = start + (maxResults ?? MOST_LISTED);
  // The service gives a token only to those who asked for pages.
  const hasMore = maxResults !== undefined && end < items.length;
  return { page: items.slice(start, end), nextToken: hasMore ? String(end) : undefined };
}
