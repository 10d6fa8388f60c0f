// sqs-consumer (github.com/bbc/sqs-consumer), in the ways in which it can be set up.
import { loadPeer } from "../support/peers.js";
import { type Handle, handleAll, type ReceivedMessage, type StartSubject, tell } from "./subject.js";

interface SqsConsumerModule {
  readonly Consumer: {
    create(options: Record<string, unknown>): {
      start(): void;
      stop(): void;
      on(name: string, listener: (error: Error) => void): void;
    };
  };
}

/** What is acknowledged is what the handler returns. */
function handleOne(handle: Handle): (message: ReceivedMessage) => Promise<ReceivedMessage> {
  return async (message) => {
    await handle(message);
    return message;
  };
}

function handleBatch(handle: Handle): (messages: ReceivedMessage[]) => Promise<ReceivedMessage[]> {
  return async (messages) => {
    await handleAll(messages, handle);
    return messages;
  };
}

/** `instances` of them, each with up to `batchSize` messages at once. */
function readWay(way: string, concurrency: number): { instances: number; batchSize: number; isBatch: boolean } {
  switch (way) {
    case "default":
      return { instances: 1, batchSize: 1, isBatch: false };
    case "instances":
      return { instances: concurrency, batchSize: 1, isBatch: false };
    case "batchSize":
      return { instances: Math.ceil(concurrency / 10), batchSize: 10, isBatch: false };
    case "handleMessageBatch":
      return { instances: Math.ceil(concurrency / 10), batchSize: 10, isBatch: true };
    default:
      throw new Error(`sqs-consumer has no way "${way}"`);
  }
}

export const start: StartSubject = async ({ queueUrl, concurrency, way }, handle) => {
  const { Consumer } = await loadPeer<SqsConsumerModule>("sqs-consumer");
  const { instances, batchSize, isBatch } = readWay(way, concurrency);
  const consumers = Array.from({ length: instances }, () => {
    const consumer = Consumer.create({
      queueUrl,
      batchSize,
      ...(isBatch ? { handleMessageBatch: handleBatch(handle) } : { handleMessage: handleOne(handle) }),
    });
    for (const name of ["error", "processing_error"]) consumer.on(name, tell);
    consumer.start();
    return consumer;
  });
  return {
    stop: () => {
      for (const consumer of consumers) consumer.stop();
      return Promise.resolve();
    },
  };
};
