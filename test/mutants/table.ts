// The table of docs/mutations.md.
import { readFileSync } from "node:fs";

const PAGE = new URL("../../docs/mutations.md", import.meta.url);

/** The defects that the page has, each with the file it is put into. */
export function readMutationTable(): ReadonlyArray<{ readonly name: string; readonly file: string }> {
  const rows = readFileSync(PAGE, "utf8").matchAll(/^\| (.+?) +\| `src\/(.+?)` +\| .+ \|$/gmu);
  return [...rows].map(([, name = "", file = ""]) => ({ name, file }));
}
