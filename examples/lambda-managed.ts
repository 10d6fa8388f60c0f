// A Lambda function on the managed Node runtime: the messages of an event side by side, each answered for by itself.
//
//   npx tsx examples/lambda-managed.ts
//
// The trigger must have ReportBatchItemFailures among its function response types: without it Lambda deletes what has failed.
// A function of yours is what stands above the line, and in Lambda nothing else runs.
import { setTimeout as sleep } from "node:timers/promises";
import { drop } from "millrace";
import { type LambdaHandler, lambdaHandler } from "millrace/lambda";
import { createSqsEvent } from "millrace/testing";
import { callFunction } from "./support/local-lambda.js";

// What is made here is made once for all events of this process.
const greetings = new Map([
  ["en", "Hello"],
  ["it", "Buongiorno"],
]);

export const handler: LambdaHandler = lambdaHandler(
  async ({ Body = "" }, { signal }) => {
    const { language, name, workMs = 10 } = JSON.parse(Body) as { language: string; name?: string; workMs?: number };
    if (name === undefined) return drop("nobody to greet");
    const greeting = greetings.get(language);
    if (greeting === undefined) throw new Error(`no greeting in ${language}`); // Reported as failed: it comes again.
    await sleep(workMs, undefined, { signal }); // Ends early when the deadline is near: reported as failed, too.
    console.log(`${greeting}, ${name}!`);
    return undefined;
  },
  { concurrency: 10, deadlineMarginMs: 500 },
);
handler.consumer.on("messageFailed", ({ error }) => console.log(`failed: ${(error as Error).message}`));

// ---------------------------------------------------------------------------------------------------------------------

const messages = (...bodies: object[]): string[] => bodies.map((body) => JSON.stringify(body));

await callFunction(
  handler,
  createSqsEvent(messages({ language: "en", name: "Ada" }, { language: "xx", name: "Edsger" }, { language: "it" })),
  30_000,
);

// The deadline in the middle: what has ended by then is done, the rest comes again.
await callFunction(
  handler,
  createSqsEvent(messages({ language: "it", name: "Grace" }, { language: "en", name: "Barbara", workMs: 60_000 })),
  1_500,
);

// A FIFO queue: a group stops at its first failure, others go on.
const inGroups = [
  { groupId: "a", body: JSON.stringify({ language: "xx", name: "first of a" }) },
  { groupId: "a", body: JSON.stringify({ language: "en", name: "second of a" }) },
  { groupId: "b", body: JSON.stringify({ language: "en", name: "first of b" }) },
];
await callFunction(
  handler,
  createSqsEvent(inGroups, { queueArn: "arn:aws:sqs:us-east-1:000000000000:orders.fifo" }),
  30_000,
);
