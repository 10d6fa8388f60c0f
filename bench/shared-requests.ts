// How many requests 120 queues need at once to keep every slot busy: `npm run bench:shared-requests`.
//
// 500 slots, handlers of 50 ms, 20 ms a call: 10,000 messages a second. It is the simulated SQS in virtual time, so it says the
// same on every machine.
import { ConsumerGroup, type GroupQueue, type SqsPort } from "millrace";
import { SimulatedSqs, VirtualClock } from "millrace/testing";

const QUEUES = 120;
const SLOTS = 500;
const WORK_MS = 50;
const LATENCY_MS = 20;
const WARM_UP_MS = 500;
const MEASURED_MS = 1_500;

/** The most calls that were out at once. */
class Gauge {
  most = 0;
  #now = 0;

  async during<Answer>(call: Promise<Answer>): Promise<Answer> {
    this.#now += 1;
    this.most = Math.max(this.most, this.#now);
    return call.finally(() => (this.#now -= 1));
  }
}

/** Fills so many of the queues, consumes them, and prints how busy the slots were. */
async function measure(full: number, shared: number): Promise<void> {
  const clock = new VirtualClock();
  const sqs = new SimulatedSqs({ clock, seed: 1 });
  const queues: GroupQueue[] = [];
  const messages = (SLOTS / WORK_MS) * (WARM_UP_MS + MEASURED_MS) * 1.2;
  for (let number = 0; number < QUEUES; number += 1) {
    const { QueueUrl } = await sqs.createQueue({ QueueName: `queue-${number}` });
    queues.push({ queueUrl: QueueUrl });
    for (let sent = 0; number < full && sent < messages / full; sent += 10) {
      const Entries = Array.from({ length: 10 }, (_, index) => ({ Id: String(index), MessageBody: "work" }));
      await sqs.sendMessageBatch({ QueueUrl, Entries });
    }
  }
  sqs.faults.latencyMs = LATENCY_MS;
  const [receives, settling] = [new Gauge(), new Gauge()];
  const client: SqsPort = {
    receiveMessage: (input, options) => receives.during(sqs.receiveMessage(input, options)),
    deleteMessageBatch: (input) => settling.during(sqs.deleteMessageBatch(input)),
    changeMessageVisibilityBatch: (input) => settling.during(sqs.changeMessageVisibilityBatch(input)),
    sendMessageBatch: (input) => settling.during(sqs.sendMessageBatch(input)),
  };
  const group = new ConsumerGroup(() => new Promise<void>((resolve) => clock.setTimer(resolve, WORK_MS)), {
    concurrency: SLOTS,
    queues,
    client,
    clock,
    sharedReceives: shared,
    sharedSettleRequests: Math.max(shared, 1),
  });
  await clock.runUntil(group.start());
  await clock.advance(WARM_UP_MS);
  const before = group.stats().handlerTimeMs;
  await clock.advance(MEASURED_MS);
  const busy = (group.stats().handlerTimeMs - before) / (SLOTS * MEASURED_MS);
  console.log(
    `${String(full).padStart(3)} full, ${String(shared).padStart(4)} shared: slots busy ${(100 * busy).toFixed(0)} %, ` +
      `at most ${receives.most} receives and ${settling.most} others out`,
  );
  await clock.runUntil(group.stop());
}

for (const full of [QUEUES, 10, 1]) for (const shared of [10, 25, 50, 1_000]) await measure(full, shared);
