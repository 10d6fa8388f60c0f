// The table of docs/mutations.md: which defect, where, and what noticed it.
import { readFileSync, writeFileSync } from "node:fs";
import type { Mutant } from "./mutant.js";

const PAGE = new URL("../../docs/mutations.md", import.meta.url);
const TABLE = /(<!-- table -->\n)[^]*?(<!-- end of table -->)/u;

/** Writes the table anew. */
export function writeMutationTable(caughtBy: ReadonlyMap<Mutant, string>): void {
  const rows = [...caughtBy].map(([{ name, file }, found]) => `| ${name} | \`src/${file}\` | ${found} |\n`);
  const table = `\n| Defect | Put into | Noticed by |\n| - | - | - |\n${rows.join("")}\n`;
  writeFileSync(
    PAGE,
    readFileSync(PAGE, "utf8").replace(TABLE, (_, begin: string, end: string) => begin + table + end),
  );
}

/** The defects and files that the table has. */
export function readMutationTable(): ReadonlyArray<{ readonly name: string; readonly file: string }> {
  const table = TABLE.exec(readFileSync(PAGE, "utf8"))?.[0] ?? "";
  return [...table.matchAll(/^\| (.+?) +\| `src\/(.+?)` +\| .+ \|$/gmu)].map(([, name = "", file = ""]) => ({
    name,
    file,
  }));
}
