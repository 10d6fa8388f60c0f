// Holds src/ to its layers: a part imports from the parts below it, never from beside or above.
//
//   index                        direct, lambda, threads (entry points of their own)
//   group
//   consumer                     testing (may use everything, is used by nothing)
//   sqs, memory, rabbitmq
//   runner
//   worker, harvester
//   internal
//   errors
//
// Cycles between files are oxlint's to find (import/no-cycle).
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import ts from "typescript";

const LAYERS: ReadonlyArray<readonly string[]> = [
  ["errors"],
  ["internal"],
  ["worker", "harvester"],
  ["runner"],
  ["sqs", "memory", "rabbitmq"],
  ["consumer"],
  ["group"],
  ["index", "direct", "lambda", "threads"],
];
const ALONGSIDE = "testing";
const SOURCE = resolve("src");

/** The part a file belongs to: its folder under src/, or its own name when it lies in src/ itself. */
function partOf(file: string): string {
  const [first = ""] = relative(SOURCE, file).split(sep);
  return first.replace(/\.[cm]?[jt]s$/, "");
}

function heightOf(part: string): number | undefined {
  const height = LAYERS.findIndex((layer) => layer.includes(part));
  return height === -1 ? undefined : height;
}

function complaint(from: string, to: string): string | undefined {
  if (from === to || from === ALONGSIDE) return undefined;
  if (to === ALONGSIDE) return `${from} may not import from testing`;
  const [fromHeight, toHeight] = [heightOf(from), heightOf(to)];
  if (fromHeight === undefined || toHeight === undefined) {
    return `${fromHeight === undefined ? from : to} has no place in the layers of scripts/check-layers.ts`;
  }
  return toHeight < fromHeight ? undefined : `${from} may not import from ${to}`;
}

function complaintsAbout(file: string): string[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(file, "utf8"), true, true);
  return importedFiles
    .map(({ fileName }) => fileName)
    .filter((specifier) => specifier.startsWith("."))
    .flatMap((specifier) => {
      const text = complaint(partOf(file), partOf(resolve(dirname(file), specifier)));
      return text === undefined ? [] : [`${relative(".", file)}: ${text} (${specifier})`];
    });
}

const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => join(SOURCE, name));
const complaints = files.flatMap(complaintsAbout);

for (const text of complaints) console.error(text);
console.log(`layers: ${files.length} files, ${complaints.length} imports against the order`);
process.exitCode = complaints.length === 0 ? 0 : 1;
