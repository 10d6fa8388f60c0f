// All of them.
import { CONSUMING_MUTANTS } from "./consuming.js";
import { LEASE_MUTANTS } from "./leases.js";
import type { Mutant } from "./mutant.js";
import { RECEIVING_MUTANTS } from "./receiving.js";
import { SETTLING_MUTANTS } from "./settling.js";

export const MUTANTS: readonly Mutant[] = [
  ...SETTLING_MUTANTS,
  ...LEASE_MUTANTS,
  ...RECEIVING_MUTANTS,
  ...CONSUMING_MUTANTS,
];
