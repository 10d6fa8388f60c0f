// A runner or a worker serves one consumer at a time.
import { MillraceError } from "../errors.js";

const claimed = new WeakSet<object>();

/** Takes the parts for one consumer. @throws MillraceError `IN_USE` when another has one of them; nothing is taken then. */
export function claim(parts: { readonly runner: object; readonly worker: object }): void {
  for (const [name, part] of [
    ["runner", parts.runner],
    ["worker", parts.worker],
  ] as const) {
    if (!claimed.has(part)) continue;
    throw new MillraceError("IN_USE", `The ${name} serves another consumer that is not stopped. Make one for each.`);
  }
  claimed.add(parts.runner);
  claimed.add(parts.worker);
}

/** Lets go of the parts. */
export function unclaim(parts: { readonly runner: object; readonly worker: object }): void {
  claimed.delete(parts.runner);
  claimed.delete(parts.worker);
}
