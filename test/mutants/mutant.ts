// A defect that is put into the source on purpose, to see which test notices.

/** One change of one place of the source. */
export interface Mutant {
  /** What goes wrong, in a few words. */
  readonly name: string;
  /** The file, from `src/` on. */
  readonly file: string;
  /** What stands there, once in the file. */
  readonly find: string;
  readonly replace: string;
}

/** How often a text stands in another. */
function countOf(text: string, part: string): number {
  return text.split(part).length - 1;
}

/**
 * The source with the defect in it.
 *
 * @throws Error when the place is not there, or not the only one.
 */
export function mutate(source: string, { name, file, find, replace }: Mutant): string {
  const count = countOf(source, find);
  if (count !== 1) throw new Error(`"${name}": its place in src/${file} was found ${count} times instead of once`);
  return source.replace(find, () => replace);
}
