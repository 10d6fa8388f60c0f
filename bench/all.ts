// All benches of docs/benchmarks.md, one after the other: `npm run bench`. Takes a quarter of an hour.
//
// Each writes its results, its pictures and its part of the page when it has ended. The rest goes on when one has failed.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import pc from "picocolors";
import { BENCHES } from "./support/report.js";

const failed = BENCHES.filter((bench) => {
  const script = fileURLToPath(new URL(`./${bench}.js`, import.meta.url));
  return spawnSync(process.execPath, [script, ...process.argv.slice(2)], { stdio: "inherit" }).status !== 0;
});

for (const bench of failed) console.error(pc.red(`bench:${bench} has failed`));
process.exitCode = failed.length === 0 ? 0 : 1;
