// Hours of load in which nothing may grow: `npm run soak -- --minutes 30`. See docs/soak.md.
import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pc from "picocolors";
import { readOptions, readWholeNumber, refuse } from "./command-line.js";
import { writeIntoPage } from "./docs-page.js";
import { drawSoak } from "./soak/draw-soak.js";
import { describeFigures, figuresOf } from "./soak/figures.js";
import type { SoakSettings } from "./soak/settings.js";
import { runSoak } from "./soak/soak.js";
import { type Finding, judgeSoak } from "./soak/verdict.js";
import { createView } from "./soak/view.js";

const USAGE = `Usage: npm run soak -- [--minutes 30] [--client sdk] [--rate 200] [--concurrency 100] [--docs]

Puts a consumer under load for so long, with bursts, slow handlers and faults, and fails when
its memory, its handles or the delay of its event loop grow, or when a message is lost.
The picture is drawn at the end. Ctrl-C ends the load early: what was measured is judged.

  --minutes N       how long the load lasts, without the drain at the end
  --seconds N       the same, for a short one: 12 or more
  --client NAME     sdk, or direct for the client of millrace/direct
  --rate N          messages a second between bursts; ten times that in bursts
  --concurrency N   how many handlers run at once
  --seed N          where the luck of faults and jobs begins
  --leak BYTES      keeps so many bytes of each message, to see that it fails then
  --out FOLDER      where the picture and the measurements go; a temporary folder otherwise
  --docs            draws docs/images/soak.svg (or soak-direct.svg), and writes the figures to docs/soak.md
`;

const DOCS = fileURLToPath(new URL("../docs", import.meta.url));

interface Settings extends SoakSettings {
  readonly out: string;
  readonly isForDocs: boolean;
}

function readSettings(): Settings {
  const values = readOptions(USAGE, {
    minutes: { type: "string", default: "30" },
    seconds: { type: "string" },
    client: { type: "string", default: "sdk" },
    rate: { type: "string", default: "200" },
    concurrency: { type: "string", default: "100" },
    seed: { type: "string", default: "1" },
    leak: { type: "string", default: "0" },
    out: { type: "string", default: join(tmpdir(), "millrace-soak") },
    docs: { type: "boolean", default: false },
  });
  const { client } = values;
  if (client !== "sdk" && client !== "direct") return refuse(USAGE, `--client must be sdk or direct, not "${client}".`);
  return {
    seconds:
      values.seconds === undefined
        ? 60 * readWholeNumber(USAGE, "minutes", values.minutes, [1, 10_000])
        : readWholeNumber(USAGE, "seconds", values.seconds, [12, 600_000]),
    perSecond: readWholeNumber(USAGE, "rate", values.rate, [1, 10_000]),
    concurrency: readWholeNumber(USAGE, "concurrency", values.concurrency, [2, 10_000]),
    client,
    leakBytes: readWholeNumber(USAGE, "leak", values.leak, [0, 1_000_000]),
    seed: readWholeNumber(USAGE, "seed", values.seed, [0, 1_000_000]),
    out: values.out,
    isForDocs: values.docs,
  };
}

/** Aborts at the first Ctrl-C; the second ends the process. */
function watchSignals(): AbortSignal {
  const controller = new AbortController();
  process.once("SIGINT", () => controller.abort());
  return controller.signal;
}

function describe({ what, isGood, details }: Finding): string {
  return `  ${isGood ? pc.green("ok    ") : pc.red("FAILED")}  ${what}: ${details}`;
}

async function main(): Promise<boolean> {
  const { out, isForDocs, ...settings } = readSettings();
  const view = createView(settings);
  const record = await runSoak(settings, view, watchSignals());
  view.done();
  const findings = judgeSoak(record);
  const picture = drawSoak(record);
  const name = settings.client === "direct" ? "soak-direct" : "soak";
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, `${name}.svg`), picture);
  writeFileSync(join(out, `${name}.json`), JSON.stringify({ findings, ...record }));
  console.log(
    ["", ...findings.map(describe), "", ...figuresOf(record).map(([what, figure]) => `  ${what}: ${figure}`)].join(
      "\n",
    ),
  );
  console.log(`\n  drawn: ${join(out, `${name}.svg`)}`);
  const isGood = findings.every((finding) => finding.isGood);
  if (isForDocs && isGood) {
    writeFileSync(join(DOCS, "images", `${name}.svg`), picture);
    await writeIntoPage("soak.md", name, describeFigures(record, findings));
  }
  return isGood;
}

process.exitCode = (await main()) ? 0 : 1;
