// A copy for a retry queue counts as there only when the broker has said so, and no connection of a publisher is left behind.
import { EventEmitter } from "node:events";
import type { RabbitMessage } from "millrace/rabbitmq";
import { beforeEach, expect, test } from "vitest";
import { createDeferred, type Deferred } from "../../../src/internal/deferred.js";
import { resolveRabbitOptions } from "../../../src/rabbitmq/options.js";
import type { AmqpConfirmChannel, AmqpConnection } from "../../../src/rabbitmq/port.js";
import { RetryPublisher } from "../../../src/rabbitmq/retry-publisher.js";

type Confirm = (error: unknown) => void;

/** A connection with one channel, whose answers the test gives. */
class ScriptedConnection extends EventEmitter {
  readonly channel = new EventEmitter();
  readonly signal: AbortSignal;
  readonly opening: Deferred<AmqpConfirmChannel> = createDeferred();
  readonly confirms: Confirm[] = [];

  constructor(signal: AbortSignal) {
    super();
    this.signal = signal;
    Object.assign(this.channel, {
      publish: (_exchange: string, _key: string, _content: unknown, _options: unknown, onConfirmed: Confirm) =>
        void this.confirms.push(onConfirmed),
    });
  }

  openChannel(): void {
    this.opening.resolve(this.channel as unknown as AmqpConfirmChannel);
  }

  createConfirmChannel(): Promise<AmqpConfirmChannel> {
    return this.opening.promise;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const message: RabbitMessage = {
  content: Buffer.from("a"),
  fields: { deliveryTag: 1, redelivered: false, exchange: "", routingKey: "queue" },
  properties: {},
};

let connections: ScriptedConnection[];
let connecting: Deferred<void> | undefined;
let publisher: RetryPublisher;

beforeEach(() => {
  connections = [];
  connecting = undefined;
  publisher = new RetryPublisher({
    options: resolveRabbitOptions({ url: "amqp://localhost", queue: "queue" }),
    url: () => "amqp://localhost",
    connect: async (_url, { signal }) => {
      const connection = new ScriptedConnection(signal);
      connections.push(connection);
      await connecting?.promise;
      return connection as unknown as AmqpConnection;
    },
  });
});

/** Resolves with how a publish ends: "there", or what it was rejected with. */
function publish(): Promise<unknown> {
  return publisher.publish("queue.retry.5s", message, {}).then(
    () => "there",
    (error: unknown) => error,
  );
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Publishes, and lets the connection's channel open. */
async function publishOnOpenChannel(): Promise<{ ended: Promise<unknown>; connection: ScriptedConnection }> {
  const ended = publish();
  await nextTurn();
  const connection = connections.at(-1) as ScriptedConnection;
  connection.openChannel();
  await nextTurn();
  return { ended, connection };
}

test("a copy is there when the broker has confirmed it", async () => {
  const { ended, connection } = await publishOnOpenChannel();
  let hasEnded = false;
  void ended.then(() => (hasEnded = true));
  await nextTurn();
  expect(hasEnded).toBe(false);
  connection.confirms[0]?.(null);
  expect(await ended).toBe("there");
});

test("a copy that the broker refuses, or returns before it confirms it, is not there", async () => {
  const { ended: refused, connection } = await publishOnOpenChannel();
  connection.confirms[0]?.(new Error("message nacked"));
  expect(await refused).toMatchObject({ operation: "Publish" });
  const returned = publish();
  await nextTurn();
  connection.channel.emit("return", { ...message, fields: { ...message.fields, routingKey: "queue.retry.5s" } });
  connection.confirms[1]?.(null);
  expect(await returned).toMatchObject({ code: "QUEUE_NOT_FOUND" });
  expect(connections).toHaveLength(1);
});

test("copies that are out when the connection goes are not there, and the next one is published by another", async () => {
  const { ended, connection } = await publishOnOpenChannel();
  connection.emit("close", new Error("lost"));
  expect(await ended).toMatchObject({ code: "NETWORK" });
  expect(connection.signal.aborted).toBe(true);
  const second = await publishOnOpenChannel();
  second.connection.confirms[0]?.(null);
  expect(await second.ended).toBe("there");
  expect(connections).toHaveLength(2);
});

test("a connection that is refused is tried again with the next copy", async () => {
  connecting = createDeferred();
  const refused = publish();
  connecting.reject(new Error("refused"));
  expect(await refused).toMatchObject({ code: "NETWORK" });
  connecting = undefined;
  const { ended, connection } = await publishOnOpenChannel();
  connection.confirms[0]?.(null);
  expect(await ended).toBe("there");
});

test("a connection whose channel could not be opened is ended, and takes no later one with it", async () => {
  const first = publish();
  await nextTurn();
  const failing = connections[0] as ScriptedConnection;
  failing.opening.reject(new Error("no channel"));
  expect(await first).toMatchObject({ code: "NETWORK" });
  expect(failing.signal.aborted).toBe(true);

  connecting = createDeferred();
  const second = publish();
  failing.emit("close"); // Only now its socket is seen to have ended.
  await nextTurn();
  connecting.resolve();
  const { ended, connection } = await publishOnOpenChannel();
  for (const confirm of connection.confirms) confirm(null);
  expect([await second, await ended]).toEqual(["there", "there"]);
  expect(connections).toHaveLength(2);
  await publisher.close(new AbortController().signal);
  expect(connections.every(({ signal }) => signal.aborted)).toBe(true);
});

test("a connection that is made in the moment of the close is ended", async () => {
  connecting = createDeferred();
  const ended = publish();
  await nextTurn();
  connecting.resolve();
  await publisher.close(new AbortController().signal);
  const [connection] = connections;
  connection?.openChannel();
  expect(await ended).toMatchObject({ code: "STOPPED" });
  expect(connection?.signal.aborted).toBe(true);
});

test("nothing connects after the close", async () => {
  await publisher.close(new AbortController().signal);
  expect(await publish()).toMatchObject({ code: "STOPPED" });
  expect(connections).toHaveLength(0);
});
