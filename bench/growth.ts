// What grows with size: `npm run bench:growth`.
//
// - Concurrency from 1 to 10,000, all slots busy: CPU time a message.
// - Messages in flight, up to 100,000, with handlers that do not end: memory for each, and CPU time for each heartbeat.
// - Bodies from 256 B to 1 MiB: CPU time a message, beside the bare loops.
// - Load from a tenth to nine tenths: from send to the start of the handler, beside a bare loop.
import { type BenchOptions, type Findings, runBench } from "./support/bench.js";
import { measureBodies } from "./growth/bodies.js";
import { measureConcurrency } from "./growth/concurrency.js";
import { measureDelays } from "./growth/delays.js";
import { measureInFlight } from "./growth/in-flight.js";
import { createProgress } from "./support/progress.js";
import type { Panel } from "./support/report.js";
import { Stage } from "./support/stage.js";

const PARTS = [measureConcurrency, measureInFlight, measureBodies, measureDelays] as const;

async function measure({ isQuick, profileFolder }: BenchOptions): Promise<Findings> {
  using stage = await Stage.open({ profileFolder });
  const rounds = isQuick ? 1 : 3;
  const parts = [];
  for (const part of PARTS) {
    const progress = createProgress("growth", part.stepsOf(rounds));
    parts.push(await part.measure({ stage, progress, rounds, isQuick }));
    progress.done();
  }
  let tables = 0;
  const panels: Panel[] = parts.flatMap((part) => {
    const moved = part.panels.map((panel) => ({ ...panel, table: panel.table + tables }));
    tables += part.tables.length;
    return moved;
  });
  return {
    tables: parts.flatMap((part) => part.tables),
    limits: parts.flatMap(({ limits }) => limits),
    pictures: [{ file: "bench-growth.svg", kind: "lines", title: "What a message costs as things grow", panels }],
  };
}

await runBench("growth", ["@aws-sdk/client-sqs", "undici"], measure);
