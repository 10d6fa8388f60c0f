// The subjects that several benches have, and how they are called in tables.
import type { Case } from "./rounds.js";
import type { Subject } from "./stage.js";

/** A subject beside others. */
export interface SubjectCase extends Case, Subject {}

export const BARE_SDK: SubjectCase = {
  label: "bare loop over the SDK",
  side: "bare",
  module: "bare-sdk",
  way: "",
  concurrency: 160,
};

export const BARE_UNDICI: SubjectCase = {
  label: "bare loop over undici",
  side: "bare",
  module: "bare-undici",
  way: "",
  concurrency: 160,
};

/** What millrace can have as its client. */
export type MillraceWay = "plain" | "default" | "direct";

const CLIENTS: Readonly<Record<MillraceWay, string>> = {
  plain: "plain SDK client",
  default: "default client",
  direct: "directClient",
};

export function millraceCase(way: MillraceWay, concurrency: number): SubjectCase {
  return { label: `millrace, ${CLIENTS[way]}`, side: "ours", module: "millrace", way, concurrency };
}
