// Random histories through the real consumer, part 1 of 4: in files of their own so that they run side by side.
import { testSeeds } from "./run-seeds.js";

testSeeds(1, 1_000);
