// One batch: what is asked of the service, and what its answer says of each entry.
import { MillraceError, ServiceError } from "../errors.js";
import type { EntryResult } from "../harvester/harvester.js";
import type { BatchFailure, BatchOutput } from "./port.js";
import { isThrottling, withoutSecrets } from "./service-errors.js";

const DONE: EntryResult = { status: "done" };
const NOT_CONFIRMED: EntryResult = { status: "failed", error: undefined };

/** A batch to be sent. Its entries are known by their position, as ids must differ and messages may come twice. */
export interface BatchCall {
  readonly operation: string;
  readonly count: number;
  /** What it holds that must not be in an error. */
  readonly secrets: () => readonly string[];
  /** How long it may take, if not as long as any request. */
  readonly timeoutMs?: number;
  readonly send: () => Promise<BatchOutput>;
  /** Called when the service refuses it for there being too many. */
  readonly onThrottled?: () => void;
  /** Whether an entry's lease had lapsed when it was sent: its result says nothing then. */
  readonly hasLapsed?: ((index: number) => boolean) | undefined;
}

/** A client of the user's may throw at once, or answer with no promise. */
export async function ask({ send }: BatchCall): Promise<BatchOutput> {
  return send();
}

/**
 * Gives each entry its own result.
 *
 * @throws TypeError when it is no answer.
 */
export function readResults(
  output: BatchOutput,
  { operation, count, hasLapsed, onThrottled, secrets }: BatchCall,
): readonly EntryResult[] {
  if (typeof output !== "object" || output === null) throw new TypeError("the answer is no object");
  if (output.Failed?.some(({ Code }) => isThrottling(Code)) === true) onThrottled?.();
  // What is in neither list has not been confirmed.
  const results = Array.from({ length: count }, () => NOT_CONFIRMED);
  for (const { Id } of output.Successful ?? []) setResult(results, Id, DONE);
  for (const failure of output.Failed ?? [])
    setResult(results, failure.Id, toEntryResult(failure, operation, secrets()));
  return hasLapsed === undefined
    ? results
    : results.map((result, index) => (hasLapsed(index) ? createLapsedResult() : result));
}

function setResult(results: EntryResult[], id: string | undefined, result: EntryResult): void {
  const index = Number(id);
  if (index in results) results[index] = result;
}

function toEntryResult(failure: BatchFailure, operation: string, secrets: readonly string[]): EntryResult {
  const { Code, Message, SenderFault } = failure;
  const explanation = Message === undefined ? "" : `, ${withoutSecrets(String(Message), secrets)}`;
  const text = `${operation} has refused an entry: ${Code ?? "no code"}${explanation}`;
  // Too many calls are over in a moment, whoever is said to be at fault.
  if (isThrottling(Code)) {
    return { status: "failed", error: new ServiceError("THROTTLED", text, { errorClass: "throttled", operation }) };
  }
  const error = new ServiceError("REQUEST_FAILED", text, { errorClass: "request", operation });
  return { status: SenderFault === true ? "refused" : "failed", error };
}

/** Others may have the message by now. */
export function createLapsedResult(): EntryResult {
  return {
    status: "refused",
    error: new MillraceError("LEASE_LOST", "The message's lease had lapsed: others may have it."),
  };
}
