// What must hold if the code is right. A failure here is a defect of millrace or of a strategy built on its contracts.
import { MillraceError } from "../errors.js";

export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new MillraceError("INTERNAL", `This should not happen: ${message}.`);
}
