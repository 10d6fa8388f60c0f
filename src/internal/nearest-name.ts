// What a misspelt name was probably meant to be.

/** More letters that are wrong, missing or too many, and it is another name. */
const MOST_MISTAKES = 2;

/** What is expected where a name is not known: the one that was probably meant, and all there are. */
export function describeNames(what: string, name: unknown, known: readonly string[]): string {
  const all = `${what} (${known.join(", ")})`;
  const nearest = typeof name === "string" ? nearestName(name, known) : undefined;
  return nearest === undefined ? `one of the ${all}` : `${nearest}, or another of the ${all}`;
}

/** The name that differs least, if it differs little; upper and lower case are the same here. */
function nearestName(name: string, known: readonly string[]): string | undefined {
  const allowed = Math.min(MOST_MISTAKES, Math.floor(name.length / 3));
  let nearest: string | undefined;
  let fewest = allowed + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) > allowed) continue;
    const mistakes = countMistakes(name.toLowerCase(), candidate.toLowerCase());
    if (mistakes >= fewest) continue;
    fewest = mistakes;
    nearest = candidate;
  }
  return nearest;
}

/** The edit distance (Levenshtein 1966), row by row. */
function countMistakes(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
