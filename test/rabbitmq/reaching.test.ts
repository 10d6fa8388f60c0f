// What goes wrong on the way to a queue, told apart; and the way back to it.
import { type MillraceError, ServiceError } from "millrace";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RabbitRig } from "./support/rabbit-rig.js";
import { TcpProxy } from "./support/tcp-proxy.js";
import { TestQueues } from "./support/test-queues.js";

let queues: TestQueues;

beforeAll(async () => {
  queues = await TestQueues.open();
  await queues.control("add_user", "stranger", "stranger");
  await queues.control("add_user", "reader", "reader");
  await queues.control("set_permissions", "reader", "^$", "^$", "^$");
});

afterAll(() => queues[Symbol.asyncDispose]());

function urlWith(change: (url: URL) => void): string {
  const url = new URL(queues.broker.url);
  change(url);
  return url.href;
}

const as = (user: string): string => urlWith((url) => ([url.username, url.password] = [user, user]));

async function rejectionOf(options: { url: string; queue: string }): Promise<MillraceError> {
  const { consumer } = new RabbitRig(options);
  const error = await consumer.start().then(
    () => undefined,
    (cause: unknown) => cause as MillraceError,
  );
  expect(consumer.state).toBe("stopped");
  if (error === undefined) throw new Error("it has started");
  return error;
}

describe("start() rejects with", () => {
  test("VHOST_REFUSED for a wrong virtual host, and names it", async () => {
    const error = await rejectionOf({ url: urlWith((url) => (url.pathname = "/shop%2Feu")), queue: "orders" });
    expect(error).toMatchObject({ code: "VHOST_REFUSED", errorClass: "fatal", operation: "Connect" });
    expect(error.message).toContain("the virtual host shop/eu");
  });

  test("VHOST_REFUSED for a virtual host that the user has no permissions in", async () => {
    expect((await rejectionOf({ url: as("stranger"), queue: "orders" })).code).toBe("VHOST_REFUSED");
  });

  test("CREDENTIALS_REFUSED for a wrong password, without showing it", async () => {
    const url = urlWith((parsed) => (parsed.password = "wr0ng"));
    const error = await rejectionOf({ url, queue: "orders" });
    expect(error).toMatchObject({ code: "CREDENTIALS_REFUSED", errorClass: "credentials" });
    expect(error.message).not.toContain("wr0ng");
  });

  test("QUEUE_NOT_FOUND for a queue that is not there, and names it", async () => {
    const error = await rejectionOf({ url: queues.broker.url, queue: "no-such-queue" });
    expect(error).toMatchObject({ code: "QUEUE_NOT_FOUND", errorClass: "fatal" });
    expect(error.message).toContain("the queue no-such-queue in /");
  });

  test("ACCESS_DENIED for a queue that the user may not read", async () => {
    const queue = await queues.declare("classic");
    const error = await rejectionOf({ url: as("reader"), queue });
    expect(error).toMatchObject({ code: "ACCESS_DENIED", errorClass: "fatal" });
  });

  test("QUEUE_NOT_FOUND for a retry queue that is not there: none is declared unasked", async () => {
    const queue = await queues.declare("classic");
    const error = await rejectionOf({ url: queues.broker.url, queue, retryDelaysSeconds: [5] } as never);
    expect(error.code).toBe("QUEUE_NOT_FOUND");
    expect(error.message).toContain(`the retry queue ${queue}.retry.5s`);
  });

  test("REQUEST_FAILED for a retry queue that was declared otherwise", async () => {
    const queue = await queues.declare("classic");
    const retries = { retryDelaysSeconds: [5], shouldDeclareRetryQueues: true };
    await queues.channel.assertQueue(`${queue}.retry.5s`);
    const error = await rejectionOf({ url: queues.broker.url, queue, ...retries });
    expect(error.code).toBe("REQUEST_FAILED");
    expect(error.message).toContain("inequivalent arg");
  });
});

describe("a broker that is not there", () => {
  test("does not fail the start: it is tried again, less and less often, until it is", async () => {
    const queue = await queues.declare("classic");
    const proxy = await TcpProxy.start(queues.broker.url);
    await proxy.refuse();
    await using rig = await RabbitRig.start({ url: proxy.url, queue }, () => undefined);
    const delays: number[] = [];
    rig.consumer.on("backedOff", ({ delayMs }) => void delays.push(delayMs));
    await rig.until(() => delays.length === 3);
    expect(new Set(rig.codes)).toEqual(new Set(["NETWORK"]));
    expect(delays[2]).toBeGreaterThan(delays[0] as number);
    await proxy.heal();
    await queues.send(queue, ["a"]);
    await rig.untilCalled(1);
    await rig.consumer.stop();
    await proxy.stop();
  });

  test("is not asked again when another node of the cluster is there", async () => {
    const queue = await queues.declare("classic");
    const nowhere = urlWith((url) => (url.port = "1"));
    await using rig = await RabbitRig.start({ url: [nowhere, queues.broker.url], queue }, () => undefined);
    await queues.send(queue, ["a"]);
    await rig.untilCalled(1);
    expect(rig.codes).toEqual(["NETWORK"]);
  });
});

describe("while it consumes", () => {
  test("a queue that is deleted: CONSUMER_CANCELLED, then QUEUE_NOT_FOUND, until it is there again", async () => {
    const queue = await queues.declare("quorum");
    await using rig = await RabbitRig.start({ url: queues.broker.url, queue }, () => undefined);
    await queues.channel.deleteQueue(queue);
    await rig.until(() => rig.codes.includes("QUEUE_NOT_FOUND"));
    expect(rig.codes[0]).toBe("CONSUMER_CANCELLED");
    await queues.channel.assertQueue(queue, { arguments: { "x-queue-type": "quorum" } });
    await queues.send(queue, ["a"]);
    await rig.untilCalled(1);
  });

  test("a password that is changed: CREDENTIALS_REFUSED, until it is right again", async () => {
    await queues.control("add_user", "changing", "changing");
    await queues.control("set_permissions", "changing", ".*", ".*", ".*");
    const queue = await queues.declare("classic");
    const proxy = await TcpProxy.start(as("changing"));
    await using rig = await RabbitRig.start({ url: proxy.url, queue }, () => undefined);
    await queues.control("change_password", "changing", "changed");
    await proxy.cut();
    await rig.until(() => rig.codes.includes("CREDENTIALS_REFUSED"));
    expect(rig.errors.every((error) => error instanceof ServiceError)).toBe(true);
    await queues.control("change_password", "changing", "changing");
    await queues.send(queue, ["a"]);
    await rig.untilCalled(1);
    await rig.consumer.stop();
    await proxy.stop();
  });
});
