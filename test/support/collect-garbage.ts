// Has the garbage collector run, without a flag on the command line.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as (options?: { type: "minor" }) => void;

/**
 * Collects what nobody refers to. What a `WeakRef` was made for stays until the end of the turn, so it waits for that; and what
 * the engine itself has still held at the first time it has let go of by the second.
 */
export async function collectGarbage(): Promise<void> {
  for (let times = 0; times < 2; times += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    collect();
  }
}

/** Collects what is young and nobody refers to, as the engine does many times a second. What has grown old stays. */
export function collectYoungGarbage(): void {
  collect({ type: "minor" });
}
