// Random histories through the real consumer, part 2 of 4: in files of their own so that they run side by side.
import { testSeeds } from "./run-seeds.js";

testSeeds(1_001, 2_000);
