// A database to insert into: each statement takes a round trip, however many rows it has. It says of each row what became of it.
import { setTimeout as sleep } from "node:timers/promises";

export interface Row {
  readonly id: number;
  readonly value: number;
}

export type Inserted = "inserted" | "duplicate" | "out of range";

const ROUND_TRIP_MS = 25;

export class Warehouse {
  readonly #tables = new Map<string, Map<number, number>>();
  /** The rows of each statement. */
  readonly statements: number[] = [];

  /** One statement. The third is chosen as the victim of a deadlock, and inserts nothing. */
  async insert(table: string, rows: readonly Row[], options: { signal: AbortSignal }): Promise<Inserted[]> {
    this.statements.push(rows.length);
    const isVictim = this.statements.length === 3;
    await sleep(ROUND_TRIP_MS, undefined, options);
    if (isVictim) throw new Error("deadlock");
    const stored = this.#tables.get(table) ?? new Map<number, number>();
    this.#tables.set(table, stored);
    return rows.map(({ id, value }) => {
      if (value < 0) return "out of range";
      if (stored.has(id)) return "duplicate";
      stored.set(id, value);
      return "inserted";
    });
  }

  count(table: string): number {
    return this.#tables.get(table)?.size ?? 0;
  }
}
