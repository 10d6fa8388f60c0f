// Random histories through the real consumer, part 4 of 4: in files of their own so that they run side by side.
import { testSeeds } from "./run-seeds.js";

testSeeds(3_001, 4_000);
