// Many queues in this process, so that an example runs by itself. A program of yours needs nothing of this.
import { startServer } from "./local-queue.js";

/** Queues, served over HTTP on this machine. */
export interface LocalQueues extends AsyncDisposable {
  /** Sends so many messages to a queue. */
  send(name: string, messages: number): Promise<void>;
}

/** Starts so many queues. */
export async function startLocalQueues(names: readonly string[]): Promise<LocalQueues> {
  const server = await startServer();
  const { sqs } = server;
  const queueUrls = new Map<string, string>();
  for (const name of names) queueUrls.set(name, (await sqs.createQueue({ QueueName: name })).QueueUrl);
  return {
    async send(name, messages) {
      const QueueUrl = queueUrls.get(name) ?? "";
      for (let sent = 0; sent < messages; sent += 1) {
        await sqs.sendMessage({ QueueUrl, MessageBody: `message ${sent} of ${name}` });
      }
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
