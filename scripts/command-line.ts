// Reads the options of a script: `--help` shows its usage, and what cannot be used ends it with a line that says why.
import { parseArgs, type ParseArgsConfig } from "node:util";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** The options' values. Does not return when help was asked for, or an option is unknown. */
export function readOptions<const Given extends Options>(
  usage: string,
  options: Given,
): ReturnType<typeof parseArgs<{ options: Given }>>["values"] {
  if (process.argv.includes("-h") || process.argv.includes("--help")) {
    process.stdout.write(usage);
    process.exit(0);
  }
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return refuse(usage, error instanceof Error ? error.message : String(error));
  }
}

/** A whole number of at least `least` and at most `most`. Does not return when it is something else. */
export function readWholeNumber(usage: string, name: string, value: string, [least, most]: [number, number]): number {
  const number = Number(value);
  if (value.trim() !== "" && Number.isInteger(number) && number >= least && number <= most) return number;
  return refuse(usage, `--${name} must be a whole number from ${least} to ${most}, not "${value}".`);
}

/** Ends the script with a line that says why, and its usage. */
export function refuse(usage: string, why: string): never {
  process.stderr.write(`${why}\n\n${usage}`);
  process.exit(2);
}
