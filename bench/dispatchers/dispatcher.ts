// What starts tasks so many at a time: the part of a consumer between receive and handler, alone.

/** The work of a task. It has a promise, as handlers do. */
export type Work = () => Promise<void>;

/** How many run at once. */
export interface DispatcherSetup {
  readonly concurrency: number;
}

/** Something that takes work. */
export interface Dispatcher {
  /** How many of those that are offered it takes now, while so many run or wait. */
  places(offered: number, outstanding: number): number;
  push(work: Work): void;
  /** Whether it calls `placesFreed`. Otherwise it is asked again whenever a task ends. */
  readonly tellsOfPlaces: boolean;
}

/**
 * Makes one: what the files beside this one export.
 *
 * @param placesFreed - To be called when there may be places again.
 */
export type CreateDispatcher = (setup: DispatcherSetup, placesFreed: () => void) => Promise<Dispatcher>;

/** How many tasks wait behind those that run. */
export const BACKLOG = 1_000;
