// A program of a user's: it calls a queue, leaves its client as it is, and has to end by itself.
import { directClient } from "millrace/direct";

const { QUEUE_URL: queueUrl = "" } = process.env;
const client = directClient();
const input = { QueueUrl: queueUrl, AttributeNames: ["RedrivePolicy" as const] };
await Promise.all(Array.from({ length: 10 }, () => client.getQueueAttributes(input)));
process.stdout.write("answered\n");
