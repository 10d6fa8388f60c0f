// What the simulated service counts: requests, which cost money, and messages.

import type { SqsOperation } from "./api.js";

/** What a simulated service counted since it was made. */
export interface Statistics {
  /** All requests, failed ones included. */
  requests: number;
  /** The same, by operation. */
  readonly requestsByOperation: Partial<Record<SqsOperation, number>>;
  /** Receives that brought nothing. */
  emptyReceives: number;
  /** Requests that a fault was drawn for. */
  faultyRequests: number;
  messagesSent: number;
  /** Sends that a FIFO queue acknowledged and did not keep, as it had the message already. */
  messagesDeduplicated: number;
  /** Deliveries: a message that comes twice counts twice. */
  messagesReceived: number;
  messagesDeleted: number;
  /** Deletes that succeeded and deleted nothing: a second delete, or an old receipt handle. */
  deletesWithoutEffect: number;
  /** Messages moved to a dead-letter queue. */
  messagesRedriven: number;
}

export function newStatistics(): Statistics {
  return {
    requests: 0,
    requestsByOperation: {},
    emptyReceives: 0,
    faultyRequests: 0,
    messagesSent: 0,
    messagesDeduplicated: 0,
    messagesReceived: 0,
    messagesDeleted: 0,
    deletesWithoutEffect: 0,
    messagesRedriven: 0,
  };
}
