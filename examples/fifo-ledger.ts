// A ledger on a FIFO queue: each account is a message group, so its entries are booked one at a time and in order, while
// the accounts go on beside each other. One account's bank does not answer at first: that account waits, the others do not.
//
//   npx tsx examples/fifo-ledger.ts
//
// Every account pays in and out in turn and must never be overdrawn, so a single entry out of order would be noticed.
//
// For a queue of yours, give its URL and leave out the line that starts one:
//
//   const queueUrl = "https://sqs.eu-west-1.amazonaws.com/123456789012/ledger.fifo";
import { setTimeout as sleep } from "node:timers/promises";
import { constantRetry, Consumer, deadLetter, type Message } from "millrace";
import { startLocalQueue } from "./support/local-queue.js";

interface Entry {
  readonly account: string;
  readonly number: number;
  readonly pence: number | string;
}

const ACCOUNTS = ["ada", "bob", "cyd", "dee", "eve"];
const ENTRIES = 10;

/** Entries 1, 3, 5 and so on pay in, those between them pay the same out. Bob's bank fails once, and Cyd has a typo. */
const entries = Array.from({ length: ENTRIES }, (_, index) =>
  ACCOUNTS.map((account): Entry => {
    const pence = (index % 2 === 0 ? 1 : -1) * 100 * (Math.floor(index / 2) + 1);
    return { account, number: index + 1, pence: account === "cyd" && index === 9 ? "5oo" : pence };
  }),
).flat();

await using queue = await startLocalQueue(entries, ({ account }) => account);
const { queueUrl } = queue;

const booked = new Map(ACCOUNTS.map((account) => [account, [] as number[]]));
const balances = new Map(ACCOUNTS.map((account) => [account, 0]));
let running = 0;
let mostAtOnce = 0;
let isBobWaiting = false;
let bookedMeanwhile = 0;

async function book({ account, number, pence }: Entry, attempt: number): Promise<unknown> {
  await sleep(20); // The bank's answer.
  if (typeof pence === "string") return deadLetter(`${pence} is not an amount`);
  if (account === "bob") {
    isBobWaiting = number === 3 && attempt === 1;
    if (isBobWaiting) throw new Error("the bank does not answer");
  }
  const balance = (balances.get(account) ?? 0) + pence;
  if (balance < 0) throw new Error(`${account} would be overdrawn: entry ${number} was out of order`);
  balances.set(account, balance);
  booked.get(account)?.push(number);
  if (isBobWaiting) bookedMeanwhile += 1;
  return undefined;
}

const consumer = new Consumer(
  async ({ Body = "" }: Message, { attempt }) => {
    running += 1;
    mostAtOnce = Math.max(mostAtOnce, running);
    try {
      return await book(JSON.parse(Body) as Entry, attempt);
    } finally {
      running -= 1;
    }
  },
  { queueUrl, concurrency: 50, retry: constantRetry({ delaySeconds: 1 }) },
);
consumer.on("error", (error) => console.error(error.code, error.message));
consumer.on("messageFailed", ({ message, error }) => {
  const { account, number } = JSON.parse(message.Body ?? "") as Entry;
  console.log(`${account}: entry ${number} has failed: ${String(error)}`);
});

consumer.on("settled", ({ message, outcome }) => {
  if (outcome.kind !== "deadLetter") return;
  const { account, number } = JSON.parse(message.Body ?? "") as Entry;
  console.log(`${account}: entry ${number} went to the dead letters: ${outcome.reason}`);
});

await consumer.start();
await queue.emptied(); // A service would wait for a signal: see graceful-stop.ts.
await consumer.stop();

for (const [account, numbers] of booked) {
  console.log(`${account}: ${numbers.join(" ")}, balance ${((balances.get(account) ?? 0) / 100).toFixed(2)}`);
}
console.log(
  `while bob waited, ${bookedMeanwhile} entries of others were booked; at most ${mostAtOnce} accounts at once`,
);
console.log(`dead letters: ${queue.count(queue.deadLetterQueueUrl)}`);
