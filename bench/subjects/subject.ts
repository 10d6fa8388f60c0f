// What is measured: a consumer of some kind, on a queue, with a handler that says nothing but that it is done.

/** What a handler sees of a message, whoever received it. */
export interface ReceivedMessage {
  readonly MessageId?: string | undefined;
  readonly ReceiptHandle?: string | undefined;
  readonly Body?: string | undefined;
}

/** The work. Without a promise, it is done. */
export type Handle = (message: ReceivedMessage) => Promise<void> | undefined;

/** How a subject is started. */
export interface SubjectSetup {
  readonly queueUrl: string;
  /** How many messages it may have at once, where it can be told. */
  readonly concurrency: number;
  /** Which of the ways to use it, where there are several. */
  readonly way: string;
  /** For how long a message is hidden when it is received; heartbeats keep it so. Default: the subject's own. */
  readonly visibilityTimeoutSeconds?: number | undefined;
  /** The most bytes of messages that it may have at once, where it can be told. */
  readonly maxInFlightBytes?: number | undefined;
}

/** A consumer that runs. */
export interface RunningSubject {
  /** Ends it, when the queue is empty. */
  stop(): Promise<void>;
}

/** Starts it: the one export of each file beside this one. */
export type StartSubject = (setup: SubjectSetup, handle: Handle) => Promise<RunningSubject>;

const told = new Set<string>();

/** Prints an error, and others like it no more. What was lost by them is found when messages are counted. */
export function tell(error: Error): void {
  const text = "code" in error ? `${String(error.code)}: ${error.message}` : error.message;
  if (told.has(text)) return;
  told.add(text);
  console.error(text);
}

/** Handles several messages at once, and costs no promise when none is needed. */
export function handleAll(messages: readonly ReceivedMessage[], handle: Handle): Promise<unknown> | undefined {
  let pending: Array<Promise<void>> | undefined;
  for (const message of messages) {
    const done = handle(message);
    if (done !== undefined) (pending ??= []).push(done);
  }
  return pending && Promise.all(pending);
}
