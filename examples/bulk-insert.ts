// Bulk inserts: a hundred messages go into the database with one statement instead of a hundred. Each message has an outcome of
// its own all the same: a row that is there already, or that the database refuses, keeps no other from being acknowledged.
//
//   npx tsx examples/bulk-insert.ts
//
// For a queue of yours, give its URL and leave out the line that starts one:
//
//   const queueUrl = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders";
import { type BatchHandler, Consumer, deadLetter, inBatches, withSchema } from "millrace";
import { z } from "zod";
import { startLocalQueue } from "./support/local-queue.js";
import { Warehouse } from "./support/warehouse.js";

const Reading = z.object({ table: z.enum(["temperature", "pressure"]), id: z.number(), value: z.number() });

// 2,000 readings for two tables, ten of them twice, and five that no database would take.
const readings = Array.from({ length: 2_000 }, (_, id) => ({
  table: id % 4 === 0 ? "pressure" : "temperature",
  id,
  value: id % 400 === 1 ? -1 : id,
}));
await using queue = await startLocalQueue([...readings, ...readings.slice(10, 20)]);
const { queueUrl } = queue;

const warehouse = new Warehouse();

const insert: BatchHandler<z.infer<typeof Reading>> = async (items, { key: table, signal }) => {
  const results = await warehouse.insert(
    table,
    items.map(({ message }) => message), // The bodies, as `withSchema` has them validated.
    { signal },
  ); // When it throws, every message of the batch comes again.
  // An outcome for each item, in order; undefined acknowledges. A row that is there already was inserted before.
  return results.map((result) => (result === "out of range" ? deadLetter(result) : undefined));
};

const consumer = new Consumer(
  withSchema(
    Reading,
    inBatches(insert, {
      size: 100,
      waitMs: 200, // What the first of a batch waits at most.
      key: ({ table }) => table, // A statement inserts into one table.
    }),
  ),
  { queueUrl, concurrency: 300 },
);
consumer.on("error", (error) => console.error(error.code, error.message));
consumer.once("messageFailed", ({ error }) =>
  console.log(`a statement has failed, its rows come again: ${String(error)}`),
);

await consumer.start();
await queue.emptied();
await consumer.stop();

const { statements } = warehouse;
const { failed, settled } = consumer.stats().counters;
console.log(`temperature ${warehouse.count("temperature")}, pressure ${warehouse.count("pressure")}`);
console.log(`acknowledged ${settled.ack}, dead letters ${settled.deadLetter}, tried again ${failed}`);
console.log(`statements ${statements.length}, the largest of ${Math.max(...statements)} rows`);
