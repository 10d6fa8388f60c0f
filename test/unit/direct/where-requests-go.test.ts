// Requests go where the SDK would send them, signed for the region that it would sign them for.
import { GetQueueUrlCommand, ReceiveMessageCommand, SQSClient, type SQSClientConfig } from "@aws-sdk/client-sqs";
import { directClient, type DirectClientOptions } from "millrace/direct";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { CannedDispatcher, type DispatchedRequest } from "../../support/canned-dispatcher.js";
import { isolateAwsEnvironment } from "../../support/http-queue.js";
import { CannedRequestHandler, type SdkRequest } from "../../support/sdk-request-handler.js";

interface Place {
  readonly url: string;
  readonly host: string | undefined;
  readonly region: string | undefined;
}

const credentials = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "secret" };
const silent = { debug() {}, info() {}, warn() {}, error() {} };

function regionOf(headers: Readonly<Record<string, string>>): string | undefined {
  return /Credential=\w+\/\d{8}\/([^/]+)\/sqs\/aws4_request/u.exec(headers["authorization"] ?? "")?.[1];
}

function placeOfSdk({ protocol, hostname, port, path, headers }: SdkRequest): Place {
  const url = new URL(`${protocol}//${hostname}${port === undefined ? "" : `:${port}`}${path}`);
  return { url: url.href, host: headers["host"], region: regionOf(headers) };
}

function placeOf({ origin, path, headers }: DispatchedRequest): Place {
  const url = new URL(path, origin);
  // The header `host` is undici's to write, from the origin.
  return { url: url.href, host: url.host, region: regionOf(headers) };
}

const receiveInput = {
  MaxNumberOfMessages: 10,
  WaitTimeSeconds: 0,
  VisibilityTimeout: 30,
  MessageAttributeNames: [],
  MessageSystemAttributeNames: [],
};

async function whereSdkSends(config: SQSClientConfig, queueUrl: string | undefined): Promise<Place> {
  const requestHandler = new CannedRequestHandler();
  const client = new SQSClient({ credentials, logger: silent, ...config, requestHandler });
  if (queueUrl === undefined) await client.send(new GetQueueUrlCommand({ QueueName: "jobs" }));
  else await client.send(new ReceiveMessageCommand({ QueueUrl: queueUrl }));
  return placeOfSdk(requestHandler.requests[0] as SdkRequest);
}

async function whereWeSend(options: DirectClientOptions, queueUrl: string | undefined): Promise<Place> {
  const dispatcher = new CannedDispatcher();
  const client = directClient({ ...options, dispatcher });
  await (queueUrl === undefined
    ? client.getQueueUrl({ QueueName: "jobs", QueueOwnerAWSAccountId: "123456789012" })
    : client.receiveMessage({ ...receiveInput, QueueUrl: queueUrl }));
  return placeOf(dispatcher.requests[0] as DispatchedRequest);
}

const queueAt = (origin: string): string => `${origin}/123456789012/jobs`;

/** What clients are made with, and the queue they are asked about. */
const cases: ReadonlyArray<readonly [string, SQSClientConfig, string]> = [
  ["a region", { region: "eu-west-1" }, queueAt("https://sqs.eu-west-1.amazonaws.com")],
  ["a queue elsewhere", { region: "eu-west-1" }, queueAt("https://sqs.us-east-2.amazonaws.com")],
  ["the older host", { region: "us-east-1" }, queueAt("https://queue.amazonaws.com")],
  [
    "a FIPS endpoint",
    { region: "us-east-1", useFipsEndpoint: true },
    queueAt("https://sqs-fips.us-east-1.amazonaws.com"),
  ],
  ["a FIPS region", { region: "fips-us-east-1" }, queueAt("https://sqs-fips.us-east-1.amazonaws.com")],
  ["dual stack", { region: "eu-west-1", useDualstackEndpoint: true }, queueAt("https://sqs.eu-west-1.api.aws")],
  [
    "both",
    { region: "us-west-2", useFipsEndpoint: true, useDualstackEndpoint: true },
    queueAt("https://sqs-fips.us-west-2.api.aws"),
  ],
  ["China", { region: "cn-north-1" }, queueAt("https://sqs.cn-north-1.amazonaws.com.cn")],
  ["GovCloud", { region: "us-gov-west-1" }, queueAt("https://sqs.us-gov-west-1.amazonaws.com")],
  ["another partition", { region: "us-iso-east-1" }, queueAt("https://sqs.us-iso-east-1.c2s.ic.gov")],
  ["a VPC endpoint", { region: "eu-west-1" }, queueAt("https://vpce-0a1b-2c3d.sqs.eu-west-1.vpce.amazonaws.com")],
  [
    "a VPC endpoint that is configured",
    { region: "eu-west-1", endpoint: "https://vpce-0a1b.sqs.eu-west-1.vpce.amazonaws.com" },
    queueAt("https://sqs.eu-west-1.amazonaws.com"),
  ],
  ["a server here", { region: "us-east-1" }, queueAt("http://localhost:9324")],
  [
    "an endpoint",
    { region: "us-east-1", endpoint: "http://127.0.0.1:4566" },
    queueAt("http://sqs.us-east-1.localhost.localstack.cloud:4566"),
  ],
  [
    "an endpoint with a path",
    { region: "us-east-1", endpoint: "https://proxy.example/sqs/(a)%20b" },
    queueAt("https://sqs.us-east-1.amazonaws.com"),
  ],
  [
    "an endpoint in pieces",
    { region: "us-east-1", endpoint: { protocol: "http:", hostname: "localhost", port: 9324, path: "/" } },
    queueAt("https://sqs.us-east-1.amazonaws.com"),
  ],
  [
    "an endpoint that is asked for",
    {
      region: "us-east-1",
      endpoint: () => Promise.resolve({ protocol: "http:", hostname: "localhost", port: 9324, path: "/" }),
    },
    queueAt("https://sqs.us-east-1.amazonaws.com"),
  ],
  [
    "queue URLs that do not count",
    { region: "eu-west-1", useQueueUrlAsEndpoint: false },
    queueAt("http://localhost:9324"),
  ],
];

describe("a client of the SDK with", () => {
  beforeEach(() => isolateAwsEnvironment({ AWS_REGION: undefined }));

  test.each(cases)("%s: calls go to the same place", async (_name, config, queueUrl) => {
    const place = await whereWeSend({ client: new SQSClient({ credentials, ...config }) }, queueUrl);
    expect(place).toEqual(await whereSdkSends(config, queueUrl));
  });

  test.each(cases)("%s: calls that name no queue go to the same place", async (_name, config) => {
    const place = await whereWeSend({ client: new SQSClient({ credentials, ...config }) }, undefined);
    expect(place).toEqual(await whereSdkSends(config, undefined));
  });

  // The SDK looks for one only where no queue URL names a host.
  describe.each([["AWS_ENDPOINT_URL"], ["AWS_ENDPOINT_URL_SQS"]])("an endpoint in %s", (name) => {
    const config = { region: "eu-west-1" };
    const queueUrl = queueAt("https://sqs.eu-west-1.amazonaws.com");
    beforeEach(() => vi.stubEnv(name, "http://localhost:4566/here"));

    test("calls about a queue go to the queue", async () => {
      const place = await whereWeSend({ client: new SQSClient({ credentials, ...config }) }, queueUrl);
      expect(place).toEqual(await whereSdkSends(config, queueUrl));
      expect(place.host).toBe("sqs.eu-west-1.amazonaws.com");
    });

    test("others go to the endpoint", async () => {
      const place = await whereWeSend({ client: new SQSClient({ credentials, ...config }) }, undefined);
      expect(place).toEqual(await whereSdkSends(config, undefined));
      expect(place.url).toBe("http://localhost:4566/here/");
    });

    test("others go to the endpoint in versions that do not tell of it, from 3.446 to the middle of 2025", async () => {
      const client = new SQSClient({ credentials, ...config });
      Object.assign(client.config, { serviceConfiguredEndpoint: undefined });
      expect((await whereWeSend({ client }, undefined)).url).toBe("http://localhost:4566/here/");
    });

    test("others go to the region's where it is to be ignored", async () => {
      const ignoring = { ...config, ignoreConfiguredEndpointUrls: true } as SQSClientConfig;
      const place = await whereWeSend({ client: new SQSClient({ credentials, ...ignoring }) }, undefined);
      expect(place).toEqual(await whereSdkSends(ignoring, undefined));
      expect(place.host).toBe("sqs.eu-west-1.amazonaws.com");
    });
  });
});

describe("without a client", () => {
  beforeEach(() => isolateAwsEnvironment({ AWS_REGION: undefined }));

  test("the queue's URL names the host and the region", async () => {
    const place = await whereWeSend({}, queueAt("https://sqs.ap-south-1.amazonaws.com"));
    const host = "sqs.ap-south-1.amazonaws.com";
    expect(place).toEqual({ url: `https://${host}/`, host, region: "ap-south-1" });
  });

  test("queues of several regions are each signed for their own", async () => {
    const dispatcher = new CannedDispatcher();
    const client = directClient({ dispatcher });
    for (const region of ["ap-south-1", "eu-west-1"]) {
      await client.receiveMessage({ ...receiveInput, QueueUrl: queueAt(`https://sqs.${region}.amazonaws.com`) });
    }
    expect(dispatcher.requests.map((request) => placeOf(request).region)).toEqual(["ap-south-1", "eu-west-1"]);
  });

  test("another host is signed for in the region that was given, or that the SDK finds", async () => {
    const queueUrl = queueAt("http://localhost:9324");
    expect((await whereWeSend({ region: "eu-west-3" }, queueUrl)).region).toBe("eu-west-3");
    vi.stubEnv("AWS_REGION", "eu-north-1");
    expect((await whereWeSend({}, queueUrl)).region).toBe("eu-north-1");
  });

  test("no region anywhere is an error that says so", async () => {
    await expect(whereWeSend({}, queueAt("http://localhost:9324"))).rejects.toThrow("Region is missing");
  });

  test("a given endpoint takes all calls", async () => {
    const options = { endpoint: "http://localhost:4566/here", region: "us-east-1" };
    const queueUrl = queueAt("https://sqs.us-east-1.amazonaws.com");
    expect((await whereWeSend(options, queueUrl)).url).toBe("http://localhost:4566/here/");
    expect((await whereWeSend(options, undefined)).url).toBe("http://localhost:4566/here/");
  });

  test("calls that name no queue go to where the first queue was", async () => {
    const dispatcher = new CannedDispatcher();
    const client = directClient({ region: "us-east-1", dispatcher });
    await client.receiveMessage({ ...receiveInput, QueueUrl: queueAt("http://localhost:9324") });
    await client.getQueueUrl({ QueueName: "dead", QueueOwnerAWSAccountId: "123456789012" });
    expect(placeOf(dispatcher.requests[1] as DispatchedRequest).url).toBe("http://localhost:9324/");
  });

  test("and before there was one, to the region's endpoint", async () => {
    const place = await whereWeSend({ region: "eu-west-3" }, undefined);
    expect(place.url).toBe("https://sqs.eu-west-3.amazonaws.com/");
  });
});
