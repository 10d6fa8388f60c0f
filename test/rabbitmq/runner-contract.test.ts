// RabbitRunner does what the contract of runners says, with either type of queue, and with retry queues.
import { type RabbitMessage, RabbitRunner, type RabbitRunnerOptions } from "millrace/rabbitmq";
import { inRealTime, runnerContract, type RunnerSubject } from "millrace/testing";
import { afterAll, beforeAll, describe, test } from "vitest";
import { TcpProxy } from "./support/tcp-proxy.js";
import { type QueueType, TestQueues } from "./support/test-queues.js";

interface Variant {
  readonly name: string;
  readonly type: QueueType;
  readonly options?: Partial<RabbitRunnerOptions>;
}

const RETRY_QUEUES = { retryDelaysSeconds: [1], shouldDeclareRetryQueues: true } as const;

const variants: readonly Variant[] = [
  { name: "a classic queue", type: "classic" },
  { name: "a quorum queue", type: "quorum" },
  { name: "a quorum queue with retry queues", type: "quorum", options: RETRY_QUEUES },
];

let queues: TestQueues;

beforeAll(async () => {
  queues = await TestQueues.open();
});

afterAll(() => queues[Symbol.asyncDispose]());

function subjectOf({ type, options }: Variant): RunnerSubject<RabbitMessage> {
  return {
    traits: {
      hasDelays: true,
      hasDeadLetters: true,
      countsAttempts: type === "quorum", // A classic queue only tells that a message came before.
      canFail: true,
      canHang: true,
      canBeMissing: true,
      canBeLost: true,
      hasStats: true,
      showsLeftovers: true,
    },
    async createHarness() {
      const proxy = await TcpProxy.start(queues.broker.url);
      const { queue, dead } = await queues.declareWithDeadLetters(type);
      const common = { url: proxy.url, hasDeadLetterExchange: true, ...options };
      return {
        until: inRealTime(),
        createRunner: () => new RabbitRunner({ ...common, queue }),
        createRunnerWithoutSource: () =>
          new RabbitRunner({
            ...common,
            queue: `${queue}-missing`,
            retryDelaysSeconds: [],
            shouldDeclareRetryQueues: false,
          }),
        send: (bodies) => queues.send(queue, bodies),
        bodyOf: ({ content }) => content.toString(),
        async look() {
          const { ready, unacknowledged } = await queues.count(queue);
          const waiting = options === undefined ? 0 : (await queues.count(`${queue}.retry.1s`)).ready;
          return { ready, held: unacknowledged + waiting, dead: (await queues.count(dead)).ready };
        },
        fail: () => proxy.refuse(),
        hang: () => proxy.hang(),
        heal: () => proxy.heal(),
        lose: async () => void (await queues.channel.deleteQueue(queue)),
        leftovers: () => (proxy.connections === 0 ? [] : [`${proxy.connections} connections`]),
        end: () => proxy.stop(),
      };
    },
  };
}

describe.each(variants)("$name", (variant) => {
  const cases = runnerContract(subjectOf(variant)).map((contractCase) => [contractCase.name, contractCase] as const);

  // At the same time, as they mostly wait, and each has a queue and a way to the broker of its own.
  test.concurrent.for(cases)("%s", async ([, { isLeftOut, run }], { skip, expect }) => {
    skip(isLeftOut); // The name says why.
    expect.assertions(0); // The case asserts by itself.
    await run();
  });
});
