// What the consumer process is told at its start.

/** How a process reaches the queue. */
export type ClientName = "default" | "direct";

export interface ProgramSettings {
  readonly client: ClientName;
  /** Options of the consumer. */
  readonly consumer: {
    readonly queueUrl: string;
    readonly concurrency: number;
    readonly visibilityTimeoutSeconds: number;
    readonly waitTimeSeconds?: number;
    readonly settleMaxAgeMs?: number;
  };
  /** How long handlers run, and whether they end when their signal aborts. */
  readonly handler: { readonly shortestMs: number; readonly longestMs: number; readonly heedsSignal: boolean };
  /** What a SIGTERM leaves handlers. */
  readonly timeoutMs: number;
  /** Where the ledger is written. */
  readonly ledger: string;
}
