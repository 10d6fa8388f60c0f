// Rounds in turn: each case once, then each once more. What slows the machine for a while slows a round, not a case.
import type { Progress } from "./progress.js";
import type { Column, Row, Side, Spread, Table } from "./report.js";
import { ratioOf, spreadOf } from "./statistics.js";

/** Something that is measured beside others. */
export interface Case {
  readonly label: string;
  readonly side: Side;
  readonly x?: number | undefined;
}

/** A column, and what it takes from each result. */
export interface MetricColumn<Result> extends Column {
  readonly valueOf: (result: Result) => number;
}

/** A column that has a case of its own for every step. */
export interface CrossColumn<Of, Result> extends MetricColumn<Result> {
  readonly caseOf: (step: Case) => Of | undefined;
}

/** What was measured of each case, round by round. */
export class Results<Of extends Case, Result> {
  readonly #results: ReadonlyMap<Of, readonly Result[]>;

  constructor(results: ReadonlyMap<Of, readonly Result[]>) {
    this.#results = results;
  }

  get cases(): Of[] {
    return [...this.#results.keys()];
  }

  /** Rows for those that match. */
  table(
    { title, rowTitle }: Pick<Table, "title" | "rowTitle">,
    columns: ReadonlyArray<MetricColumn<Result>>,
    isWanted: (of: Of) => boolean = () => true,
  ): Table {
    const rows = [...this.#results]
      .filter(([of]) => isWanted(of))
      .map(([of, results]): Row => ({
        ...toRow(of),
        cells: columns.map(({ valueOf }) => toCell(results.map((result) => valueOf(result)))),
      }));
    return { title, rowTitle, columns: columns.map(withoutFunction), rows };
  }

  /** Rows of steps, and columns each of which has a case for every step. */
  cross(
    { title, rowTitle }: Pick<Table, "title" | "rowTitle">,
    steps: readonly Case[],
    columns: ReadonlyArray<CrossColumn<Of, Result>>,
  ): Table {
    const rows = steps.map((step): Row => ({
      ...toRow(step),
      cells: columns.map(({ caseOf, valueOf }) => {
        const of = caseOf(step);
        return of === undefined ? null : toCell(this.valuesOf(of, valueOf));
      }),
    }));
    return { title, rowTitle, columns: columns.map(withoutFunction), rows };
  }

  /** A value of one case. */
  spread(of: Of, valueOf: (result: Result) => number): Spread {
    return spreadOf(this.valuesOf(of, valueOf));
  }

  /** A value of one case by that of another, round by round. */
  ratio(one: Of, other: Of, valueOf: (result: Result) => number): Spread {
    return ratioOf(this.valuesOf(one, valueOf), this.valuesOf(other, valueOf));
  }

  /** The values of one case, by rounds. */
  valuesOf(of: Of, valueOf: (result: Result) => number): number[] {
    return (this.#results.get(of) ?? []).map((result) => valueOf(result));
  }
}

function toRow({ label, side, x }: Case): Omit<Row, "cells"> {
  return { name: label, side, ...(x !== undefined && { x }) };
}

function withoutFunction<Result>({ name, digits, unit, side, isFaint }: MetricColumn<Result>): Column {
  return {
    name,
    digits,
    ...(unit !== undefined && { unit }),
    ...(side !== undefined && { side }),
    ...(isFaint !== undefined && { isFaint }),
  };
}

function toCell(values: readonly number[]): Spread | null {
  const known = values.filter((value) => Number.isFinite(value));
  return known.length === 0 ? null : spreadOf(known);
}

/**
 * Measures all cases at the same time, each in several windows: for those that wait most of the time. What slows the machine
 * for a while slows a window of all of them.
 */
export async function measureSideBySide<Of extends Case, Result>(
  cases: readonly Of[],
  { what, progress }: { what: string; progress: Progress },
  measure: (of: Of) => Promise<readonly Result[]>,
): Promise<Results<Of, Result>> {
  progress.begin(`${cases.length} side by side: ${what}`);
  const results = await Promise.all(cases.map(async (of) => [of, await measure(of)] as const));
  progress.end();
  return new Results(new Map(results));
}

/** Measures every case in every round. */
export async function measureInTurn<Of extends Case, Result>(
  cases: readonly Of[],
  { rounds, progress }: { rounds: number; progress: Progress },
  measure: (of: Of, round: number) => Promise<Result>,
): Promise<Results<Of, Result>> {
  const results = new Map<Of, Result[]>(cases.map((of) => [of, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const of of cases) {
      progress.begin(`round ${round} of ${rounds}: ${of.label}`);
      results.get(of)?.push(await measure(of, round));
      progress.end();
    }
  }
  return new Results(results);
}
