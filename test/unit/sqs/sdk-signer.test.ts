// The default client's requests are signed as the SDK would sign them.
import { SQSClient, ReceiveMessageCommand, DeleteMessageBatchCommand } from "@aws-sdk/client-sqs";
import { SignatureV4 } from "@smithy/signature-v4";
import { describe, expect, test } from "vitest";
import { SdkSigner, type SigningIdentity } from "../../../src/sqs/sdk-signer.js";
import type { CannedAnswer } from "../../support/canned-dispatcher.js";
import { CannedRequestHandler, type SdkRequest } from "../../support/sdk-request-handler.js";
import { Sha256 } from "../../support/sha256.js";

const QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/000000000000/jobs";

const permanent: SigningIdentity = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "a secret/key+=" };
const temporary: SigningIdentity = { accessKeyId: "ASIAEXAMPLE", secretAccessKey: "another", sessionToken: "to/ken==" };

/** A client that signs by ours, with the identities that `identity` gives. */
function createClient(
  identity: () => SigningIdentity,
  answer?: () => CannedAnswer,
): { client: SQSClient; handler: CannedRequestHandler } {
  const handler = new CannedRequestHandler(answer);
  const client: SQSClient = new SQSClient({
    region: "eu-west-1",
    endpoint: new URL(QUEUE_URL).origin,
    credentials: () => Promise.resolve({ ...identity(), expiration: new Date(0) } as never),
    requestHandler: handler as never,
    maxAttempts: 2,
    signer: new SdkSigner({
      credentials: () => client.config.credentials(),
      region: () => client.config.region(),
    }),
  });
  return { client, handler };
}

/** What the SDK makes of the same request, and of the same headers of it. */
async function signedBySdk(request: SdkRequest, identity: SigningIdentity): Promise<string | undefined> {
  const sent = request.headers;
  const date = sent["x-amz-date"] ?? "";
  const names = /SignedHeaders=([^,]+)/u.exec(sent["authorization"] ?? "")?.[1]?.split(";") ?? [];
  const theirs = new SignatureV4({
    service: "sqs",
    region: "eu-west-1",
    credentials: identity as never,
    sha256: Sha256,
    applyChecksum: false,
  });
  const headers = Object.fromEntries(names.map((name) => [name, sent[name] ?? ""]));
  const signed = (await theirs.sign(
    { method: "POST", protocol: "https:", hostname: request.hostname, path: "/", headers, body: request.body } as never,
    { signingDate: new Date(date.replace(/^(....)(..)(..T..)(..)(..Z)$/u, "$1-$2-$3:$4:$5")) },
  )) as unknown as SdkRequest;
  return signed.headers["authorization"];
}

describe("the default client's signature", () => {
  test.each([
    ["permanent", permanent],
    ["temporary", temporary],
  ])("is the one that the SDK makes, with %s credentials", async (_, identity) => {
    const { client, handler } = createClient(() => identity);
    await client.send(new ReceiveMessageCommand({ QueueUrl: QUEUE_URL, WaitTimeSeconds: 20 }));
    await client.send(
      new DeleteMessageBatchCommand({ QueueUrl: QUEUE_URL, Entries: [{ Id: "0", ReceiptHandle: "hä" }] }),
    );
    expect(handler.requests).toHaveLength(2);
    for (const request of handler.requests) {
      expect(request.headers["authorization"]).toBe(await signedBySdk(request, identity));
      expect(request.headers["authorization"]).toContain("host;");
      expect(request.headers["x-amz-security-token"]).toBe(identity.sessionToken);
    }
  });

  test("goes by the credentials of now", async () => {
    let identity = temporary;
    const { client, handler } = createClient(() => identity);
    await client.send(new ReceiveMessageCommand({ QueueUrl: QUEUE_URL }));
    identity = permanent;
    await client.send(new ReceiveMessageCommand({ QueueUrl: QUEUE_URL }));
    const [before, after] = handler.requests as [SdkRequest, SdkRequest];
    expect(before.headers["authorization"]).toBe(await signedBySdk(before, temporary));
    expect(after.headers["authorization"]).toBe(await signedBySdk(after, permanent));
    expect(after.headers).not.toHaveProperty("x-amz-security-token");
  });

  test("has the time of the service, where the clock here is wrong", async () => {
    const serviceTime = new Date(Date.now() + 3_600_000);
    let isFirst = true;
    const { client, handler } = createClient(
      () => permanent,
      () => {
        const statusCode = isFirst ? 403 : 200;
        isFirst = false;
        return {
          statusCode,
          headers: { date: serviceTime.toUTCString(), "x-amzn-errortype": "RequestTimeTooSkewed" },
        };
      },
    );
    await client.send(new ReceiveMessageCommand({ QueueUrl: QUEUE_URL }));
    expect(handler.requests).toHaveLength(2);
    const hours = handler.requests.map(({ headers }) => headers["x-amz-date"]?.slice(0, 11));
    expect(hours[1]).toBe(serviceTime.toISOString().replaceAll("-", "").slice(0, 11));
  });
});
