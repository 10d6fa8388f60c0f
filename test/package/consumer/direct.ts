// A user whose requests go by the direct client.
import { SQSClient } from "@aws-sdk/client-sqs";
import { Consumer, type SqsPort } from "millrace";
import { type DirectClient, directClient, type DirectClientOptions } from "millrace/direct";

const options: DirectClientOptions = { client: new SQSClient({ region: "eu-central-1" }), maxAttempts: undefined };
const client: DirectClient = directClient(options);
const port: SqsPort = client;

const queueUrl = "https://sqs.eu-central-1.amazonaws.com/000000000000/images";
export const consumer: Consumer = new Consumer(() => undefined, { queueUrl, client: port });
await client.close();
