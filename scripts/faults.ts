// Puts every fault between a consumer and its server, over every client: `npm run faults`. Writes its table into
// docs/faults.md, unless only a part was asked for.
//
// Each play is a process of its own, so that whatever a consumer leaves behind keeps that process from ending.
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import PQueue from "p-queue";
import pc from "picocolors";
import { CLIENTS } from "../test/faults/clients.js";
import { FAULTS } from "../test/faults/faults.js";
import { playAlone, type Report, runProcess } from "./faults/process.js";
import { writeIntoPage } from "./docs-page.js";
import { describePlays, describeRow } from "./faults/table.js";
import { readOptions, readWholeNumber, refuse } from "./command-line.js";

const USAGE = `npm run faults [-- OPTIONS]

  --messages 5000        how many messages each play has
  --fault "half-open"    one fault alone
  --client SDK           one client alone: ${CLIENTS.map(({ name }) => name).join(", ")}
  --quick                faults that stay only for a moment, and fewer of them
  --jobs 1               how many plays at once
  --report FILE          where to write everything as JSON
`;

const options = readOptions(USAGE, {
  messages: { type: "string", default: "5000" },
  fault: { type: "string" },
  client: { type: "string" },
  jobs: { type: "string", default: "1" },
  report: { type: "string" },
  quick: { type: "boolean", default: false },
  alone: { type: "boolean", default: false },
});
const messages = readWholeNumber(USAGE, "messages", options.messages, [100, 1_000_000]);
const size = { messages, isQuick: options.quick };
const jobs = readWholeNumber(USAGE, "jobs", options.jobs, [1, 64]);
const faults = FAULTS.filter(({ name }) => options.fault === undefined || name === options.fault);
const clients = CLIENTS.filter(({ name }) => options.client === undefined || name === options.client);
if (faults.length === 0)
  refuse(USAGE, `There is no fault "${options.fault}": ${FAULTS.map(({ name }) => name).join(", ")}.`);
if (clients.length === 0) refuse(USAGE, `There is no client "${options.client}".`);

async function playAll(): Promise<Report[]> {
  const queue = new PQueue({ concurrency: jobs });
  const plays = faults.flatMap((fault) => clients.map((client) => ({ fault, client })));
  const startedAt = performance.now();
  let done = 0;
  const reports = plays.map(({ fault, client }) =>
    queue.add(async () => {
      const report = await runProcess({ fault: fault.name, client: client.name, ...size });
      done += 1;
      const seconds = Math.round((performance.now() - startedAt) / 1_000);
      const verdict = report.broken.length === 0 ? pc.green("ok    ") : pc.red("BROKEN");
      console.log(`${verdict} ${describeRow(report)} ${pc.dim(`${done} of ${plays.length}, ${seconds} s`)}`);
      for (const text of report.broken.slice(0, 10)) console.log(pc.red(`       ${text}`));
      return report;
    }),
  );
  return await Promise.all(reports);
}

const [fault] = faults;
const [client] = clients;
if (options.alone && fault !== undefined && client !== undefined) {
  await playAlone(fault, client, size);
} else {
  const machine = `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? "unknown CPU"}`;
  console.log(`${faults.length} faults, ${clients.length} clients, ${messages} messages each. ${machine}\n`);
  const reports = await playAll();
  if (options.report !== undefined) writeFileSync(options.report, JSON.stringify(reports, undefined, 2));
  const isWhole = options.fault === undefined && options.client === undefined && !options.quick;
  if (isWhole) await writeIntoPage("faults.md", "faults", describePlays(reports, machine));
  process.exitCode = reports.every(({ broken }) => broken.length === 0) ? 0 : 1;
}
