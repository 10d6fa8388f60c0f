// A loop as short as it can be: receive ten, handle them, delete them; as many such loops at once as are wanted.
//
// It has no limit of concurrency, no retries and no stop to speak of: what a consumer costs is what comes on top of it.
import { type Handle, handleAll, type ReceivedMessage, type RunningSubject, type SubjectSetup } from "./subject.js";

const MAX_MESSAGES = 10;

/** What a receive asks for. */
export interface LoopReceiveInput {
  readonly QueueUrl: string;
  readonly MaxNumberOfMessages: number;
  readonly WaitTimeSeconds: number;
}

/** The two calls. */
export interface LoopCalls {
  receive(input: LoopReceiveInput): Promise<{ Messages?: ReceivedMessage[] | undefined }>;
  remove(input: { QueueUrl: string; Entries: Array<{ Id: string; ReceiptHandle: string }> }): Promise<unknown>;
}

export function startLoops(
  { queueUrl: QueueUrl, concurrency }: SubjectSetup,
  calls: LoopCalls,
  handle: Handle,
): RunningSubject {
  const MaxNumberOfMessages = Math.min(concurrency, MAX_MESSAGES);
  let isStopping = false;

  async function loop(): Promise<void> {
    while (!isStopping) {
      const { Messages = [] } = await calls.receive({ QueueUrl, MaxNumberOfMessages, WaitTimeSeconds: 20 });
      if (Messages.length === 0) continue;
      await handleAll(Messages, handle);
      const Entries = Messages.map(({ ReceiptHandle = "" }, index) => ({ Id: String(index), ReceiptHandle }));
      await calls.remove({ QueueUrl, Entries });
    }
  }

  for (let count = 0; count < concurrency; count += MAX_MESSAGES) void loop();
  return {
    stop: () => {
      isStopping = true;
      return Promise.resolve();
    },
  };
}
