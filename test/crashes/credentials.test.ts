// Credentials that expire, are refused, or do not come, over HTTP with a provider of the user's: nothing is lost, and it goes on
// by itself.
import { setTimeout as sleep } from "node:timers/promises";
import { SQSClient, type SQSClientConfig } from "@aws-sdk/client-sqs";
import { Consumer, type MillraceError, type SqsClient } from "millrace";
import { directClient } from "millrace/direct";
import type { AccessKey } from "millrace/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { eventually, HttpQueue, isolateAwsEnvironment } from "../support/http-queue.js";

const MESSAGES = 300;

interface Identity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly expiration?: Date;
}

/** Issues keys, which a service knows from then on. */
class Issuer {
  readonly known = new Map<string, AccessKey>();
  issued = 0;

  /** A key that is good for so long. What it says of its end may be later than the truth. */
  issue(lifeMs = Infinity, saidLifeMs = lifeMs): Identity {
    this.issued += 1;
    const accessKeyId = `KEY${this.issued}`;
    const at = (afterMs: number): Date | undefined =>
      afterMs === Infinity ? undefined : new Date(Date.now() + afterMs);
    this.known.set(accessKeyId, { expiresAt: at(lifeMs) });
    const expiration = at(saidLifeMs);
    return { accessKeyId, secretAccessKey: "secret", ...(expiration !== undefined && { expiration }) };
  }

  /** From now on no key that was issued is known. */
  revokeAll(): void {
    this.known.clear();
  }
}

interface ClientKind {
  readonly name: string;
  readonly create: (client: SQSClient) => SqsClient;
}

const CLIENTS: readonly ClientKind[] = [
  { name: "an SQSClient", create: (client) => client },
  { name: "a direct client", create: (client) => directClient({ client }) },
];

/** A consumer at work with credentials of a provider. */
class Rig implements AsyncDisposable {
  readonly calls = new Map<string, number>();
  readonly errors: MillraceError[] = [];
  readonly consumer: Consumer;
  readonly #client: SQSClient;

  constructor(
    queue: HttpQueue,
    { create }: ClientKind,
    { requestTimeoutMs = 10_000, ...options }: SQSClientConfig & { requestTimeoutMs?: number },
  ) {
    this.#client = new SQSClient({ ...queue.clientConfig, ...options });
    this.consumer = new Consumer(
      async ({ Body = "" }) => {
        this.calls.set(Body, (this.calls.get(Body) ?? 0) + 1);
        await sleep(30);
      },
      {
        queueUrl: queue.url,
        client: create(this.#client),
        concurrency: 10,
        visibilityTimeoutSeconds: 15,
        requestTimeoutMs,
        pollGraceMs: 0,
      },
    );
    this.consumer.on("error", (error) => this.errors.push(error));
  }

  get codes(): ReadonlySet<string> {
    return new Set(this.errors.map(({ code }) => code));
  }

  /** How many messages were handled, and how many of them twice. */
  get account(): { readonly handled: number; readonly twice: number } {
    const twice = [...this.calls.values()].filter((count) => count > 1).length;
    return { handled: this.calls.size, twice };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.consumer.stop();
    this.#client.destroy();
  }
}

function createQueue(issuer: Issuer): Promise<HttpQueue> {
  return HttpQueue.create({ messages: MESSAGES, faults: { latencyMs: [1, 20] }, accessKeys: issuer.known });
}

describe.concurrent.each(CLIENTS)("credentials, with $name", (kind) => {
  beforeEach(() => isolateAwsEnvironment());

  it("that expire and are refreshed in time: nobody notices", async () => {
    const issuer = new Issuer();
    await using queue = await createQueue(issuer);
    let current = issuer.issue(0);
    await using rig = new Rig(queue, kind, {
      credentials: () => {
        // As providers do that look ahead.
        if ((current.expiration?.getTime() ?? 0) - Date.now() < 5_500) current = issuer.issue(6_000);
        return Promise.resolve(current);
      },
    });
    await rig.consumer.start();
    await eventually(() => queue.size === 0);
    expect(rig.account).toEqual({ handled: MESSAGES, twice: 0 });
    expect(rig.errors).toEqual([]);
    expect(issuer.issued).toBeGreaterThan(2);
  });

  it("that end before the provider has said: the next ones are asked for", async () => {
    const issuer = new Issuer();
    await using queue = await createQueue(issuer);
    await using rig = new Rig(queue, kind, { credentials: () => Promise.resolve(issuer.issue(200, 3_600_000)) });
    await rig.consumer.start();
    await eventually(() => queue.size === 0);
    expect(rig.account).toEqual({ handled: MESSAGES, twice: 0 });
    expect([...rig.codes].filter((code) => code !== "CREDENTIALS_REFUSED")).toEqual([]);
    expect(issuer.issued).toBeGreaterThan(1);
  });

  it("that are refused from the start are waited for", async () => {
    const issuer = new Issuer();
    await using queue = await createQueue(issuer);
    const identity = issuer.issue();
    issuer.revokeAll();
    await using rig = new Rig(queue, kind, { credentials: () => Promise.resolve(identity) });
    await rig.consumer.start();
    expect(rig.consumer.state).toBe("running");
    await eventually(() => rig.errors.length >= 3);
    expect(rig.codes).toEqual(new Set(["CREDENTIALS_REFUSED"]));
    issuer.known.set(identity.accessKeyId, {});
    await eventually(() => queue.size === 0);
    expect(rig.account).toEqual({ handled: MESSAGES, twice: 0 });
  });

  it("that are refused in the midst: what is done meanwhile is acknowledged when they are good again", async () => {
    const issuer = new Issuer();
    await using queue = await createQueue(issuer);
    const identity = issuer.issue();
    await using rig = new Rig(queue, kind, { credentials: () => Promise.resolve(identity) });
    await rig.consumer.start();
    await eventually(() => rig.calls.size > 50);
    issuer.revokeAll();
    await eventually(() => rig.consumer.stats().running === 0);
    await sleep(2_000);
    expect(rig.consumer.stats().settlementsPending).toBeGreaterThan(0);
    expect(rig.codes).toEqual(new Set(["CREDENTIALS_REFUSED"]));
    expect(rig.errors.length).toBeLessThan(50);
    issuer.known.set(identity.accessKeyId, {});
    await eventually(() => queue.size === 0);
    expect(rig.account).toEqual({ handled: MESSAGES, twice: 0 });
  });

  it("whose provider throws for a while", async () => {
    const issuer = new Issuer();
    await using queue = await createQueue(issuer);
    const identity = issuer.issue();
    let isSealed = true;
    await using rig = new Rig(queue, kind, {
      credentials: () => (isSealed ? Promise.reject(new Error("the vault is sealed")) : Promise.resolve(identity)),
    });
    await rig.consumer.start();
    await eventually(() => rig.errors.length >= 2);
    for (const { message } of rig.errors) {
      expect(message).toContain("the vault is sealed");
      expect(message).not.toContain("The service has refused");
    }
    isSealed = false;
    await eventually(() => queue.size === 0);
    expect(rig.account).toEqual({ handled: MESSAGES, twice: 0 });
  });

  it("whose provider hangs for a while", async () => {
    const issuer = new Issuer();
    await using queue = await createQueue(issuer);
    const identity = issuer.issue();
    let hangs = true;
    const waiting: Array<(identity: Identity) => void> = [];
    await using rig = new Rig(queue, kind, {
      requestTimeoutMs: 1_000,
      credentials: () => (hangs ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(identity)),
    });
    await rig.consumer.start(); // Resolves, though nothing can be asked.
    await eventually(() => rig.errors.length >= 1);
    expect(rig.codes).toEqual(new Set(["REQUEST_TIMEOUT"]));
    hangs = false;
    for (const resolve of waiting) resolve(identity);
    await eventually(() => queue.size === 0);
    expect(rig.account).toEqual({ handled: MESSAGES, twice: 0 });
  });

  it("whose provider never answers: a stop ends all the same", async () => {
    const issuer = new Issuer();
    await using queue = await createQueue(issuer);
    await using rig = new Rig(queue, kind, { credentials: () => new Promise<never>(() => undefined) });
    const started = rig.consumer.start().catch((error: unknown) => error);
    await sleep(100);
    await rig.consumer.stop({ timeoutMs: 500 });
    expect(await started).toMatchObject({ code: "STOPPED" });
    expect(queue.counts).toEqual({ visible: MESSAGES, inFlight: 0, delayed: 0 });
  });
});
