// Waiting work on the simulated SQS in virtual time: what the design gives, without what timers and a machine add.
import { Consumer } from "millrace";
import { SimulatedSqs, VirtualClock } from "millrace/testing";
import type { Span } from "./stage.js";

/** What is to be played. */
export interface WaitingPlay {
  readonly slots: number;
  /** How long each call takes. */
  readonly latencyMs: number;
  readonly fastMs: number;
  /** Every tenth handler. */
  readonly slowMs: number;
}

const WARM_UP_MS = 4_000;
const MEASURED_MS = 20_000;

/** The real consumer, on a queue that is deep enough. CPU time is not measured. */
export async function playWaiting({ slots, latencyMs, fastMs, slowMs }: WaitingPlay): Promise<Span> {
  const clock = new VirtualClock();
  const sqs = new SimulatedSqs({ clock, seed: 1 });
  const queueUrl = await fill(sqs, (slots / ((9 * fastMs + slowMs) / 10)) * (WARM_UP_MS + MEASURED_MS) * 1.1);
  sqs.faults.latencyMs = latencyMs;
  let begun = 0;
  let handled = 0;
  const handler = (): Promise<void> => {
    begun += 1;
    const ms = begun % 10 === 0 ? slowMs : fastMs;
    return new Promise((resolve) =>
      clock.setTimer(() => {
        handled += 1;
        resolve();
      }, ms),
    );
  };
  const look = (): { handled: number; deleted: number; requests: number } => ({
    handled,
    deleted: sqs.statistics.messagesDeleted,
    requests: sqs.requestCount("ReceiveMessage") + sqs.requestCount("DeleteMessageBatch"),
  });
  const consumer = new Consumer(handler, { queueUrl, client: sqs, clock, concurrency: slots });
  await clock.runUntil(consumer.start());
  await clock.advance(WARM_UP_MS);
  const before = look();
  await clock.advance(MEASURED_MS);
  const after = look();
  await clock.runUntil(consumer.stop());
  return {
    messages: after.handled - before.handled,
    perSecond: ((after.handled - before.handled) / MEASURED_MS) * 1_000,
    cpuMicroseconds: Number.NaN,
    cores: Number.NaN,
    requestsPerMessage: (after.requests - before.requests) / (after.deleted - before.deleted),
  };
}

/** Makes a queue with so many messages. Takes no time. */
async function fill(sqs: SimulatedSqs, messages: number): Promise<string> {
  const { QueueUrl } = await sqs.createQueue({ QueueName: "waiting" });
  const Entries = Array.from({ length: 10 }, (_, index) => ({ Id: String(index), MessageBody: "work" }));
  for (let sent = 0; sent < messages; sent += 10) await sqs.sendMessageBatch({ QueueUrl, Entries });
  return QueueUrl;
}
