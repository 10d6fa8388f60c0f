// A handler that returns after its lease has lapsed: the error says that this is why nobody trusts its acknowledgement.
import { expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

test("the cause of an acknowledgement that was lost with its lease says so", async () => {
  const queue = await SimulatedQueue.create({ messages: 1 });
  queue.sqs.faults.serverErrors = 1;
  queue.sqs.faults.operations = ["ChangeMessageVisibilityBatch", "ReceiveMessage"];
  const consumer = queue.consume(() => queue.work(60_000), { visibilityTimeoutSeconds: 30 });
  queue.sqs.faults.script = ({ operation, attempt }) =>
    operation === "ReceiveMessage" && attempt === 1 ? { kind: "none" } : undefined;

  await queue.clock.runUntil(consumer.start());
  await queue.clock.advance(61_000);

  const [lost] = consumer.reported.filter(({ code }) => code === "ACKNOWLEDGEMENT_LOST");
  expect(lost?.cause).toMatchObject({ code: "LEASE_LOST" });
});
