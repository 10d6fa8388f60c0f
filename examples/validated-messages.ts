// Typed bodies: each message is parsed and validated before the handler sees it. What does not fit goes to the dead letters
// at once, since trying again cannot help; other failures are tried again, more and more slowly.
//
//   npx tsx examples/validated-messages.ts
//
// For a queue of yours, give its URL and leave out the line that starts one:
//
//   const queueUrl = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders";
import { Consumer, deadLetter, exponentialRetry, MillraceError, type RetryPolicy, withSchema } from "millrace";
import { z } from "zod"; // Or valibot, arktype: any library that follows Standard Schema.
import { startLocalQueue } from "./support/local-queue.js";

const Order = z.object({ id: z.number().int(), customer: z.string().min(1), pence: z.number().positive() });

await using queue = await startLocalQueue([
  { id: 1, customer: "Ada", pence: 1250 },
  { id: 2, customer: "", pence: 300 },
  "not JSON at all",
  { id: 3, customer: "Grace", pence: -5 },
  { id: 4, customer: "Edsger", pence: 9900 },
]);
const { queueUrl } = queue;

const retryLater = exponentialRetry({ baseSeconds: 1, maxSeconds: 300 });

const retry: RetryPolicy = (error, context) =>
  error instanceof MillraceError && error.code === "MESSAGE_INVALID"
    ? deadLetter(error.message)
    : retryLater(error, context);

const consumer = new Consumer(
  withSchema(Order, (order, { attempt }) => {
    // `order` has the type of the schema.
    if (order.id === 4 && attempt === 1) throw new Error("the till is busy");
    console.log(`order ${order.id}: ${order.customer} pays ${(order.pence / 100).toFixed(2)}, attempt ${attempt}`);
  }),
  { queueUrl, retry },
);
consumer.on("error", (error) => console.error(error.code, error.message));

await consumer.start();
await queue.emptied();
await consumer.stop();

// The reason travels with the message, as an attribute.
const { Messages = [] } = await queue.sqs.receiveMessage({
  QueueUrl: queue.deadLetterQueueUrl,
  MaxNumberOfMessages: 10,
  MessageAttributeNames: ["All"],
});
for (const { Body, MessageAttributes } of Messages) {
  console.log(`dead letter: ${Body}\n  ${MessageAttributes?.["DeadLetterReason"]?.StringValue}`);
}
