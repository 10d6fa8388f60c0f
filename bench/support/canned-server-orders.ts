// What the parent of the canned server says to it, and what it answers.
import type { QueueCounts, QueueSettings } from "./canned-queue.js";

/** One thing at a time. */
export type ServerOrder =
  | { readonly kind: "start"; readonly isSecure: boolean }
  | { readonly kind: "createQueue"; readonly name: string; readonly settings: QueueSettings }
  /** Without a number, the queue is never empty. */
  | { readonly kind: "supply"; readonly queueUrl: string; readonly messages: number | undefined }
  | { readonly kind: "send"; readonly queueUrl: string; readonly perSecond: number }
  | { readonly kind: "count"; readonly queueUrl: string };

/** The part that the order asked for. */
export interface ServerAnswer {
  readonly endpoint?: string;
  readonly certificate?: string | undefined;
  readonly queueUrl?: string;
  readonly counts?: QueueCounts;
}
