// Has the garbage collector run, without a flag on the command line.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Collects what nobody refers to. What a `WeakRef` was made for stays until the end of the turn, so it waits for that. */
export async function collectGarbage(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  collect();
}
