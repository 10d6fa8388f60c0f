// A program of a user's: it consumes what there is, stops, and has to end by itself.
import { Consumer } from "millrace";

const { QUEUE_URL: queueUrl = "", MESSAGES = "0" } = process.env;
let left = Number(MESSAGES);

const consumer = new Consumer(
  () => {
    left -= 1;
    if (left === 0) void stop();
  },
  { queueUrl, pollGraceMs: 100 },
);

async function stop(): Promise<void> {
  const { isDrained } = await consumer.stop();
  process.stdout.write(isDrained ? "drained\n" : "not drained\n");
}

await consumer.start();
