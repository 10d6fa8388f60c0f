// What the parts of bench:growth have in common.
import { millraceCase, type MillraceWay } from "../support/cases.js";
import type { Progress } from "../support/progress.js";
import type { Limit, Panel, Table } from "../support/report.js";
import type { Stage } from "../support/stage.js";

/** What a part is measured with. */
export interface PartSetup {
  readonly stage: Stage;
  readonly progress: Progress;
  readonly rounds: number;
  readonly isQuick: boolean;
}

/** What it has found. Its panels name its own tables. */
export interface PartFindings {
  readonly tables: readonly Table[];
  readonly limits: readonly Limit[];
  readonly panels: readonly Panel[];
}

export interface Part {
  /** How many steps its progress has. */
  stepsOf(rounds: number): number;
  measure(setup: PartSetup): Promise<PartFindings>;
}

/** The client with the least of its own, so that growth is not hidden behind what requests cost. */
export const LEANEST: MillraceWay = "direct";
/** As it is called in tables. */
export const LEANEST_NAME: string = millraceCase(LEANEST, 1).label;
