// Inputs for the calls of a direct client, and a client of the SDK's shape that has no SDK behind it.
import type { ReceiveMessageInput } from "millrace";
import type { ConfiguredSdkClient } from "millrace/direct";

export const QUEUE_URL = "https://sqs.us-east-1.amazonaws.com/123456789012/jobs";

/** A receive that does not wait. */
export const RECEIVE: ReceiveMessageInput = {
  QueueUrl: QUEUE_URL,
  MaxNumberOfMessages: 10,
  WaitTimeSeconds: 0,
  VisibilityTimeout: 30,
  MessageAttributeNames: [],
  MessageSystemAttributeNames: [],
};

export const DELETE: { QueueUrl: string; Entries: Array<{ Id: string; ReceiptHandle: string }> } = {
  QueueUrl: QUEUE_URL,
  Entries: [{ Id: "0", ReceiptHandle: "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a" }],
};

/** What credentials of a test look like. */
export interface TestIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** A client whose configuration says this. */
export function configured(
  credentials: (options?: { forceRefresh?: boolean }) => Promise<TestIdentity> = () =>
    Promise.resolve({ accessKeyId: "AKIAEXAMPLE", secretAccessKey: "secret" }),
  more: object = {},
): ConfiguredSdkClient {
  const config = { region: () => Promise.resolve("us-east-1"), credentials, ...more };
  return { config, send: () => Promise.reject(new Error("The SDK is not to be called")) };
}
