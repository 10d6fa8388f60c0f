// The queue that processes are killed over: a simulated SQS over HTTP, with a witness of who has what.
import { SqsServer, type FaultableRequest, type SqsOperation } from "millrace/testing";
import { Witness } from "./witness.js";

/** Long enough for a kill to fall between a request and its answer. */
const LATENCY_MS = [2, 20] as const;

interface Watch {
  readonly accessKeyId: string;
  readonly operation: SqsOperation;
  readonly seen: () => void;
}

export class CrashService implements AsyncDisposable {
  readonly witness: Witness = new Witness();
  readonly server: SqsServer;
  readonly #watches = new Set<Watch>();
  queueUrl = "";

  private constructor(seed: number) {
    this.server = new SqsServer({ seed, journal: this.witness.record });
  }

  static async start(seed: number): Promise<CrashService> {
    const service = new CrashService(seed);
    await service.server.start();
    const { sqs } = service.server;
    service.queueUrl = (await sqs.createQueue({ QueueName: "jobs" })).QueueUrl;
    sqs.faults.latencyMs = LATENCY_MS;
    sqs.faults.script = (request) => service.#tell(request);
    return service;
  }

  /** Messages that nobody has. */
  get visible(): number {
    return this.server.sqs.counts(this.queueUrl).visible;
  }

  async send(count: number): Promise<void> {
    const batches = Array.from({ length: Math.ceil(count / 10) }, (_, batch) => Math.min(10, count - batch * 10));
    await Promise.all(
      batches.map(async (size) => {
        const Entries = Array.from({ length: size }, (_, index) => ({ Id: String(index), MessageBody: "work" }));
        await this.server.sqs.sendMessageBatch({ QueueUrl: this.queueUrl, Entries });
      }),
    );
  }

  /** Resolves when the next such request of a process has arrived; it is not answered yet then. */
  async nextRequest(accessKeyId: string, operation: SqsOperation, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const watch = { accessKeyId, operation, seen: resolve };
      this.#watches.add(watch);
      signal.addEventListener("abort", () => {
        this.#watches.delete(watch);
        resolve();
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop();
  }

  #tell({ accessKeyId, operation }: FaultableRequest): undefined {
    for (const watch of this.#watches) {
      if (watch.accessKeyId !== accessKeyId || watch.operation !== operation) continue;
      this.#watches.delete(watch);
      watch.seen();
    }
  }
}
