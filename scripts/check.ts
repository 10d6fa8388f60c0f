// Everything a change must pass, one step after the other, each with its time. A step that fails does not keep the
// others from running; the list at the end says which did.
//
//   npm run check                    all steps
//   npm run check -- --skip tests    all but one (may be repeated)
//   npm run check -- --only docs     one alone (may be repeated)
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import pc from "picocolors";

const STEPS: ReadonlyArray<readonly [name: string, script: string]> = [
  ["format", "format:check"],
  ["lint", "lint"],
  ["layers", "layers"],
  ["supply chain", "supply-chain"],
  ["types", "types"],
  ["unused", "unused"],
  ["docs", "docs"],
  ["tests", "test"],
];

const { values } = parseArgs({
  options: {
    skip: { type: "string", multiple: true, default: [] },
    only: { type: "string", multiple: true, default: [] },
  },
});

function isWanted(name: string): boolean {
  return values.only.length > 0 ? values.only.includes(name) : !values.skip.includes(name);
}

function run(script: string): boolean {
  return (
    spawnSync("npm", ["run", "--silent", script], { stdio: "inherit", shell: process.platform === "win32" }).status ===
    0
  );
}

const names = STEPS.map(([name]) => name);
for (const name of [...values.skip, ...values.only]) {
  if (names.includes(name)) continue;
  console.error(`There is no step "${name}"; the steps are ${names.join(", ")}.`);
  process.exit(2);
}

const steps = STEPS.filter(([name]) => isWanted(name));
const results = steps.map(([name, script], index) => {
  console.log(pc.bold(`\n[${index + 1}/${steps.length}] ${name}`) + pc.dim(`  npm run ${script}`));
  const startedAt = performance.now();
  const passed = run(script);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const line = `${passed ? pc.green("ok") : pc.red("FAILED")}  ${name}, ${seconds} s`;
  console.log(line);
  return { passed, line };
});

console.log(`\n${results.map(({ line }) => line).join("\n")}`);
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;
