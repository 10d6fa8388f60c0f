// What the parent of a subject's process says to it, and what it answers.
import type { SubjectSetup } from "../subjects/subject.js";
import type { Work } from "./work.js";

/** One thing at a time. */
export type SubjectOrder =
  /** `module` is the name of a file in `subjects`. */
  | { readonly kind: "start"; readonly module: string; readonly setup: SubjectSetup; readonly work: Work }
  | { readonly kind: "look"; readonly collectsGarbage: boolean }
  /** Loads packages and nothing else: how long it takes, in milliseconds. */
  | { readonly kind: "load"; readonly names: readonly string[] }
  /** The delays since the last time that it was asked. */
  | { readonly kind: "delays" }
  | { readonly kind: "endHold" }
  | { readonly kind: "stop" };

/** A subject at one moment. */
export interface Look {
  readonly handled: number;
  readonly begun: number;
  /** CPU time of the process, all threads, in microseconds. */
  readonly cpuMicroseconds: number;
  readonly atMs: number;
  /** How long it was ready to run and others had the core, in milliseconds; 0 where the system does not tell. */
  readonly heldUpMs: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
}

/** The part that the order asked for. */
export interface SubjectAnswer {
  readonly look?: Look;
  readonly delays?: readonly number[];
  readonly loadMs?: number;
}
