// What a bench found, as it is kept in bench/results: plain data, from which the page and its pictures are made.

/** The benches, in the order in which they run and stand on the page. */
export const BENCHES = ["drain", "clients", "waiting", "growth", "dispatch", "idle"] as const;

/** The name of one. */
export type BenchName = (typeof BENCHES)[number];

/** What was measured in several rounds: the middle one, the least and the most. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** A column of numbers. */
export interface Column {
  readonly name: string;
  readonly digits: number;
  /** Behind each number: " %". */
  readonly unit?: string;
  /** Whose it is, where columns are drawn as lines. */
  readonly side?: Side;
  /** Whether its line is a lighter one: the less important of two. */
  readonly isFaint?: boolean;
}

/** Whose figures they are: millrace's, those of a loop with nothing around it, or those of another library. */
export type Side = "ours" | "bare" | "other";

/** One subject, or one step of a growth. */
export interface Row {
  readonly name: string;
  readonly side: Side;
  /** Where it stands on the axis, if its table is drawn as lines. */
  readonly x?: number;
  /** By columns; `null` where nothing was measured. */
  readonly cells: ReadonlyArray<Spread | null>;
}

export interface Table {
  readonly title: string;
  /** The head of the first column. */
  readonly rowTitle: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

/** A figure that is to be kept, beside what was measured. */
export interface Limit {
  readonly what: string;
  readonly measured: Spread;
  readonly digits: number;
  readonly unit: string;
  /** One of the two, or none where a figure is only told. */
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** A part of a picture: columns of a table. */
export interface Panel {
  readonly title: string;
  /** By their places in the report. */
  readonly table: number;
  readonly columns: readonly number[];
  readonly isLogarithmic?: boolean;
}

/** A picture. */
export interface Picture {
  /** Its name in docs/images. */
  readonly file: string;
  /** Rows as dots with their ranges; columns as lines over the rows' `x`; or rows as points, by two columns. */
  readonly kind: "dots" | "lines" | "points";
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** Where it was measured. */
export interface Environment {
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  /** Whether the server and what was measured had a core each to themselves. */
  readonly isBound: boolean;
  /** The machine's load average over a minute before it began. */
  readonly loadBefore: number;
  /** Of the packages that took part. */
  readonly versions: Readonly<Record<string, string>>;
}

/** One run of one bench. */
export interface Report {
  readonly bench: BenchName;
  readonly command: string;
  /** When it ended, in ISO 8601. */
  readonly at: string;
  readonly seconds: number;
  readonly environment: Environment;
  readonly tables: readonly Table[];
  readonly limits: readonly Limit[];
  readonly pictures: readonly Picture[];
}

/** Whether a limit is kept, by the median; `undefined` where there is none. */
export function isKept({ measured: { median }, atMost, atLeast }: Limit): boolean | undefined {
  if (atMost !== undefined) return median <= atMost;
  return atLeast === undefined ? undefined : median >= atLeast;
}
