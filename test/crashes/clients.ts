// The clients that everything in this folder is run with.
import type { SqsClient } from "millrace";
import { directClient } from "millrace/direct";
import type { ClientName } from "./program-settings.js";

export const CLIENTS: readonly ClientName[] = ["default", "direct"];

/** What to pass as the option `client`. */
export function createClient(name: ClientName): SqsClient | undefined {
  return name === "direct" ? directClient() : undefined;
}
