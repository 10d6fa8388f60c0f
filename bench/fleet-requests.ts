// How many requests a message costs a fleet that keeps up, so that its queue is nearly empty: `npm run bench:fleet-requests`.
//
// Messages come evenly, 700 a second (60 million a day), to so many consumers. Handlers wait 200 ms, each call takes 20 ms.
// It is the simulated SQS in virtual time, so it says the same on every machine, and it is not AWS: which poller gets a
// message there, and how many at once, is for AWS to choose.
import { Consumer } from "millrace";
import { SimulatedSqs, VirtualClock } from "millrace/testing";

const PER_SECOND = 700;
const SECONDS = 60;
const WORK_MS = 200;

interface Shape {
  readonly consumers: number;
  readonly concurrency: number;
}

const SHAPES: readonly Shape[] = [
  { consumers: 1, concurrency: 300 },
  { consumers: 2, concurrency: 150 },
  { consumers: 4, concurrency: 75 },
  { consumers: 10, concurrency: 30 },
  { consumers: 20, concurrency: 15 },
];

/** Requests a message, over a minute. */
async function measure({ consumers: count, concurrency }: Shape): Promise<number> {
  const clock = new VirtualClock();
  const sqs = new SimulatedSqs({ clock, seed: 1 });
  const { QueueUrl: queueUrl } = await sqs.createQueue({ QueueName: "orders" });
  const handler = (): Promise<void> => new Promise((resolve) => clock.setTimer(resolve, WORK_MS));
  const consumers = Array.from(
    { length: count },
    () => new Consumer(handler, { queueUrl, client: sqs, clock, concurrency }),
  );
  sqs.faults.latencyMs = 20;
  await clock.runUntil(Promise.all(consumers.map((consumer) => consumer.start())));
  for (let sent = 0; sent < PER_SECOND * SECONDS; sent += 1) {
    void sqs.sendMessage({ QueueUrl: queueUrl, MessageBody: String(sent) });
    await clock.advance(1_000 / PER_SECOND);
  }
  const {
    ReceiveMessage = 0,
    DeleteMessageBatch = 0,
    ChangeMessageVisibilityBatch = 0,
  } = sqs.statistics.requestsByOperation;
  const { messagesDeleted } = sqs.statistics;
  await clock.runUntil(Promise.all(consumers.map((consumer) => consumer.stop())));
  return (ReceiveMessage + DeleteMessageBatch + ChangeMessageVisibilityBatch) / messagesDeleted;
}

for (const shape of SHAPES) {
  const requests = await measure(shape);
  console.log(`${shape.consumers} consumers of ${shape.concurrency} slots: ${requests.toFixed(2)} requests a message`);
}
