// Over HTTP with the SDK's own errors: what start() makes of a queue, a network or credentials that are not there.
import { Consumer, type MillraceError } from "millrace";
import { directClient } from "millrace/direct";
import { SqsServer, SqsServiceError } from "millrace/testing";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { CLIENTS } from "../support/clients.js";
import { eventually, HttpQueue, isolateAwsEnvironment } from "../support/http-queue.js";

describe("starting over HTTP", () => {
  beforeEach(() => isolateAwsEnvironment());

  it("a queue that does not exist rejects the start, with any client, and the start works once it does", async () => {
    await using queue = await HttpQueue.create();
    const queueUrl = `${queue.url}-later`;
    const sqsClient = queue.createClient();
    const direct = directClient();
    const consumers = [undefined, sqsClient, direct].map(
      (client) => new Consumer(() => undefined, { queueUrl, client, pollGraceMs: 0 }),
    );
    for (const consumer of consumers) {
      await expect(consumer.start()).rejects.toMatchObject({ code: "QUEUE_NOT_FOUND", operation: "ReceiveMessage" });
      expect(consumer.state).toBe("stopped");
    }
    await queue.server.sqs.createQueue({ QueueName: "jobs-later" });
    for (const consumer of consumers) {
      await consumer.start();
      await consumer.stop();
    }
    sqsClient.destroy();
    await direct.destroy();
  });

  it.each(CLIENTS)("a permission that is missing rejects the start: $name", async ({ create }) => {
    const { client, close } = create();
    const error = new SqsServiceError("AccessDeniedException", "User is not authorized.", { httpStatusCode: 403 });
    await using queue = await HttpQueue.create({ faults: { script: () => ({ kind: "error", error }) } });
    const consumer = new Consumer(() => undefined, { queueUrl: queue.url, client });
    const failure = (await consumer.start().catch((caught: unknown) => caught)) as Error;
    close();
    expect(failure).toMatchObject({ code: "ACCESS_DENIED" });
    expect(failure.message).toContain("Allow sqs:ReceiveMessage");
  });

  it.each(CLIENTS)(
    "9: a region that nobody gave is an error, not somebody else's default: $name",
    async ({ create }) => {
      const { client } = create();
      isolateAwsEnvironment({ AWS_REGION: undefined });
      await using queue = await HttpQueue.create();
      const consumer = new Consumer(() => undefined, { queueUrl: queue.url, client });
      await expect(consumer.start()).rejects.toMatchObject({ code: "REGION_MISSING" });

      const other = client === undefined ? undefined : directClient({ region: "eu-west-1" });
      const options = { queueUrl: queue.url, client: other, region: "eu-west-1", pollGraceMs: 0 };
      const withRegion = new Consumer(() => undefined, options);
      await withRegion.start();
      await withRegion.stop();
    },
  );

  it.each(CLIENTS)("a network that refuses is waited for: $name", async ({ create }) => {
    const { client, close } = create();
    const refusing = await HttpQueue.create();
    const { sqs } = refusing.server;
    const port = Number(new URL(refusing.url).port);
    await refusing.server.stop();
    const errors: MillraceError[] = [];
    let done = 0;
    const consumer = new Consumer(() => (done += 1), { queueUrl: refusing.url, client, pollGraceMs: 0 });
    consumer.on("error", (error) => errors.push(error));
    await consumer.start();
    expect(consumer.state).toBe("running");
    await eventually(() => errors.length >= 3);
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(["NETWORK"]));

    await using server = new SqsServer({ sqs, port });
    await server.start();
    await refusing.send(1);
    await eventually(() => done === 1);
    await consumer.stop();
    close();
  });

  it.each(CLIENTS)(
    "credentials that are missing or refused are waited for and told apart: $name",
    async ({ create }) => {
      await using queue = await HttpQueue.create({ accessKeyId: "known", messages: 1 });
      const codes: string[] = [];
      for (const accessKeyId of [undefined, "unknown"]) {
        isolateAwsEnvironment({ AWS_ACCESS_KEY_ID: accessKeyId });
        const { client, close } = create();
        const consumer = new Consumer(() => undefined, { queueUrl: queue.url, client, pollGraceMs: 0 });
        consumer.on("error", ({ code }) => codes.push(code));
        await consumer.start();
        expect(consumer.state).toBe("running");
        await consumer.stop();
        close();
      }
      expect([...new Set(codes)]).toEqual(["CREDENTIALS_MISSING", "CREDENTIALS_REFUSED"]);
      expect(queue.counts.visible).toBe(1);
    },
  );

  it("an endpoint of the client's wins over the host of the queue URL; without one that host is asked", async () => {
    await using first = await HttpQueue.create({ messages: 1 });
    await using second = await HttpQueue.create({ messages: 1 });
    const client = second.createClient();
    const elsewhere = new Consumer(() => undefined, { queueUrl: first.url, client, pollGraceMs: 0 });
    await elsewhere.start();
    await eventually(() => second.size === 0);
    await elsewhere.stop();
    client.destroy();
    expect(first.size).toBe(1);

    const printed = vi.spyOn(console, "warn");
    const byUrl = new Consumer(() => undefined, { queueUrl: first.url, pollGraceMs: 0 });
    await byUrl.start();
    await eventually(() => first.size === 0);
    await byUrl.stop();
    expect(printed).not.toHaveBeenCalled();
  });
});
