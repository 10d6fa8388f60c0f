// Over HTTP with the real SDK: a stop ends the long polls of every client, by a signal that its parts can make use of.
import { setTimeout as sleep } from "node:timers/promises";
import { SQSClient } from "@aws-sdk/client-sqs";
import { Consumer, type SqsClient } from "millrace";
import { directClient } from "millrace/direct";
import { beforeEach, describe, expect, it } from "vitest";
import { eventually, HttpQueue, isolateAwsEnvironment } from "../support/http-queue.js";

/** A client, and the signals of which something that its user has brought was told. */
interface Watched {
  readonly client: SqsClient | undefined;
  readonly signals: unknown[];
}

type Call = (input: never, options: never) => unknown;

/** Puts a function of the user's before a method that has options, to see what signals there are among them. */
function watch<Name extends string>(object: Record<Name, Call>, name: Name): unknown[] {
  const signals: unknown[] = [];
  const call = object[name].bind(object);
  object[name] = (input, options: { abortSignal?: unknown } | undefined) => {
    signals.push(options?.abortSignal);
    return call(input, options as never);
  };
  return signals;
}

const OWN: ReadonlyArray<readonly [name: string, create: (queue: HttpQueue) => SqsClient | undefined]> = [
  ["the default client", () => undefined],
  ["the direct client", () => directClient()],
  ["the SDK's client", (queue) => queue.createClient()],
  [
    "the SDK's client, with sockets of the user's",
    ({ clientConfig }) => new SQSClient({ ...clientConfig, requestHandler: { httpAgent: { maxSockets: 5 } } }),
  ],
];

const WATCHED: ReadonlyArray<readonly [name: string, create: (queue: HttpQueue) => Watched]> = [
  [
    "the SDK's aggregated client, with a send of the user's",
    (queue) => {
      const client = queue.createAggregatedClient();
      return { client, signals: watch<"send">(client, "send") };
    },
  ],
  [
    "the SDK's client, with a send of the user's",
    (queue) => {
      const client = queue.createClient();
      return { client, signals: watch<"send">(client, "send") };
    },
  ],
  [
    "the SDK's client, with a request handler of the user's",
    (queue) => {
      const { requestHandler: inner } = queue.createClient().config;
      const requestHandler = { handle: inner.handle.bind(inner) } as typeof inner;
      const signals = watch<"handle">(requestHandler, "handle");
      return { client: new SQSClient({ ...queue.clientConfig, requestHandler }), signals };
    },
  ],
  [
    "the SDK's client, with something before its request handler",
    (queue) => {
      const client = queue.createClient();
      return { client, signals: watch<"handle">(client.config.requestHandler, "handle") };
    },
  ],
];

const NOT_RECEIVED: HttpQueue["counts"] = { visible: 1, inFlight: 0, delayed: 0 };

/** Stops a consumer whose poll is out, and says what becomes of a message that comes afterwards. */
async function sendAfterStop(queue: HttpQueue, client: SqsClient | undefined): Promise<HttpQueue["counts"]> {
  const consumer = new Consumer(() => undefined, { queueUrl: queue.url, client, pollGraceMs: 0 });
  await consumer.start();
  await eventually(() => consumer.stats().receivesInFlight === 1);
  await sleep(100);
  await consumer.stop();
  await sleep(50);
  await queue.send(1);
  const { counts } = queue;
  (client as SQSClient | undefined)?.destroy();
  return counts;
}

describe.concurrent("the polls that are out at a stop end", () => {
  beforeEach(() => isolateAwsEnvironment());

  it.each(OWN)("%s", async (_, create) => {
    await using queue = await HttpQueue.create();
    expect(await sendAfterStop(queue, create(queue))).toEqual(NOT_RECEIVED);
  });

  it.each(WATCHED)("by an AbortSignal: %s", async (_, create) => {
    await using queue = await HttpQueue.create();
    const { client, signals } = create(queue);
    expect(await sendAfterStop(queue, client)).toEqual(NOT_RECEIVED);
    const given = signals.filter((signal) => signal !== undefined);
    expect(given.length).toBeGreaterThan(0);
    for (const signal of given) expect(signal).toBeInstanceOf(AbortSignal);
  });
});
