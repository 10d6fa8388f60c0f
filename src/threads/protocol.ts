// What the main thread and the threads say to each other. Everything here can be cloned.
import type { MessagePort } from "node:worker_threads";
import type { Outcome } from "../runner/outcome.js";
import type { PortableError } from "./portable-error.js";

/** What a thread is given to do. */
export interface ThreadTask {
  readonly moduleUrl: string;
  /** The message and its context; without it, the module is only loaded. */
  readonly call?: ThreadCallFacts | undefined;
  /** Where the rest is said. */
  readonly port: MessagePort;
}

/** What a handler is called with, as far as it can be copied. */
export interface ThreadCallFacts {
  readonly message: unknown;
  readonly attempt: number;
  readonly groupId: string | undefined;
  readonly receivedAt: Date;
}

/** What is said to a thread while it works. */
export type ToThread =
  | { readonly kind: "abort"; readonly reason: PortableError }
  | { readonly kind: "extended"; readonly id: number; readonly error?: PortableError };

/** What a thread says. Its answer is the last thing. */
export type FromThread =
  { readonly kind: "started" } | { readonly kind: "extend"; readonly id: number; readonly seconds: number } | Answer;

/** How a handler has ended. */
export type Answer =
  | { readonly kind: "returned"; readonly value: unknown }
  | { readonly kind: "outcome"; readonly outcome: PortableOutcome; readonly isThrown: boolean }
  | { readonly kind: "threw"; readonly error: PortableError };

type WithoutBrand<Branded> = Branded extends unknown
  ? { [Key in keyof Branded as Key extends string ? Key : never]: Branded[Key] }
  : never;

/** An outcome without its mark, a symbol, which would not be cloned. */
export type PortableOutcome = WithoutBrand<Outcome>;
