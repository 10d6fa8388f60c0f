// Starts the queue's process, and has it make queues.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { QueueAnswer, QueueOrder } from "./queue-process.js";

/** A simulated SQS in another process. The SDK's clients of this process find it by themselves. */
export class QueueProcess implements Disposable {
  readonly #child: ChildProcess = fork(fileURLToPath(new URL("./queue-process.ts", import.meta.url)));
  #queues = 0;

  /** Makes a queue with so many messages in it, and resolves with its URL. */
  async createQueue(
    body: string,
    count: number,
    options: Pick<QueueOrder, "groups" | "latencyMs"> = {},
  ): Promise<string> {
    this.#queues += 1;
    this.#child.send({ name: `queue-${this.#queues}`, body, count, ...options } satisfies QueueOrder);
    const [{ endpoint, queueUrl }] = (await once(this.#child, "message")) as [QueueAnswer];
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_SQS: endpoint,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "bench",
      AWS_SECRET_ACCESS_KEY: "bench",
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    });
    return queueUrl;
  }

  [Symbol.dispose](): void {
    this.#child.disconnect();
  }
}
