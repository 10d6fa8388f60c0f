// A user who brings a runner of their own, and has no SDK.
import * as millrace from "millrace";

export const names: string[] = Object.keys(millrace);
