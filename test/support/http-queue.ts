// A queue of a simulated service that is served over HTTP on loopback, for consumers with the real SDK in real time.
import { SQS, SQSClient, type SQSClientConfig } from "@aws-sdk/client-sqs";
import { SqsServer, type SqsServerOptions } from "millrace/testing";
import { vi } from "vitest";

export interface HttpQueueOptions extends Omit<SqsServerOptions, "clock" | "sqs"> {
  readonly messages?: number;
  readonly maxReceiveCount?: number;
}

/** One queue behind a server of its own. */
export class HttpQueue implements AsyncDisposable {
  readonly server: SqsServer;
  readonly url: string;
  readonly deadLetterUrl: string;

  private constructor(parts: { server: SqsServer; url: string; deadLetterUrl: string }) {
    this.server = parts.server;
    this.url = parts.url;
    this.deadLetterUrl = parts.deadLetterUrl;
  }

  static async create(options: HttpQueueOptions = {}): Promise<HttpQueue> {
    const { messages = 0, maxReceiveCount, faults, ...serverOptions } = options;
    const server = new SqsServer(serverOptions);
    await server.start();
    const { sqs } = server;
    const dead = await sqs.createQueue({ QueueName: "jobs-dead" });
    const deadLetterTargetArn = "arn:aws:sqs:us-east-1:000000000000:jobs-dead";
    const Attributes = maxReceiveCount && {
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount }),
    };
    const { QueueUrl } = await sqs.createQueue({ QueueName: "jobs", ...(Attributes && { Attributes }) });
    const queue = new HttpQueue({ server, url: QueueUrl, deadLetterUrl: dead.QueueUrl });
    await queue.send(messages);
    Object.assign(sqs.faults, faults);
    return queue;
  }

  /** Sends messages whose bodies are "0", "1" and so on. */
  async send(count: number): Promise<void> {
    for (let first = 0; first < count; first += 10) {
      const Entries = Array.from({ length: Math.min(10, count - first) }, (_, index) => ({
        Id: String(index),
        MessageBody: String(first + index),
      }));
      await this.server.sqs.sendMessageBatch({ QueueUrl: this.url, Entries });
    }
  }

  get counts(): { readonly visible: number; readonly inFlight: number; readonly delayed: number } {
    return this.server.sqs.counts(this.url);
  }

  get size(): number {
    const { visible, inFlight, delayed } = this.counts;
    return visible + inFlight + delayed;
  }

  get clientConfig(): SQSClientConfig {
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    return { region: "us-east-1", endpoint: this.server.endpoint, credentials };
  }

  createClient(): SQSClient {
    return new SQSClient(this.clientConfig);
  }

  createAggregatedClient(): SQS {
    return new SQS(this.clientConfig);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop();
  }
}

/** Leaves the SDK nothing of this machine's own set-up to find. */
export function isolateAwsEnvironment(overrides: Readonly<Record<string, string | undefined>> = {}): void {
  const isolated: Record<string, string | undefined> = {
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_REGION: "us-east-1",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: "/nonexistent/config",
    AWS_SHARED_CREDENTIALS_FILE: "/nonexistent/credentials",
    AWS_PROFILE: undefined,
    AWS_DEFAULT_REGION: undefined,
    AWS_SESSION_TOKEN: undefined,
    AWS_ENDPOINT_URL: undefined,
    AWS_ENDPOINT_URL_SQS: undefined,
    AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: undefined,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: undefined,
    AWS_WEB_IDENTITY_TOKEN_FILE: undefined,
    ...overrides,
  };
  for (const [name, value] of Object.entries(isolated)) vi.stubEnv(name, value);
}

/** Resolves when the condition holds: looked at every few milliseconds, as nothing else tells. */
export async function eventually(condition: () => boolean, timeoutMs = 50_000): Promise<void> {
  await vi.waitUntil(condition, { interval: 5, timeout: timeoutMs });
}
