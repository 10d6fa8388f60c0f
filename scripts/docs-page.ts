// The parts of the docs that a command writes: between two marks, laid out as Prettier would.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";

/** Replaces what stands between `<!-- name: begin -->` and `<!-- name: end -->` of a page in docs/. */
export async function writeIntoPage(page: string, name: string, markdown: string): Promise<void> {
  const path = fileURLToPath(new URL(`../docs/${page}`, import.meta.url));
  const text = readFileSync(path, "utf8");
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`docs/${page} has no place between ${begin} and ${end}`);
  const whole = `${text.slice(0, from + begin.length)}\n\n${markdown}\n\n${text.slice(to)}`;
  writeFileSync(path, await format(whole, { ...(await resolveConfig(path)), filepath: path }));
}

/** A table in Markdown: the columns after the first `left` are numbers. */
export function tableOf(
  head: readonly string[],
  rows: ReadonlyArray<readonly string[]>,
  left: number = head.length,
): string {
  const rule = head.map((_, column) => (column < left ? "---" : "--:"));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
