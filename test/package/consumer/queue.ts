// A user who consumes a queue.
import * as millrace from "millrace";

export const names: string[] = Object.keys(millrace);
