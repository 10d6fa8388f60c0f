// Something to be connected to: a TCP server that takes a line, works on it for a moment, and answers "printed".
import { createServer, type AddressInfo, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

/** A server on this machine, and what it has seen. */
export interface LabelPrinter extends AsyncDisposable {
  readonly port: number;
  readonly labels: number;
  readonly connections: number;
  readonly mostConnections: number;
}

const PRINTING_MS = 10;

export async function startLabelPrinter(): Promise<LabelPrinter> {
  const seen = { labels: 0, connections: 0, mostConnections: 0 };
  let open = 0;
  const serve = async (socket: Socket): Promise<void> => {
    seen.connections += 1;
    open += 1;
    seen.mostConnections = Math.max(seen.mostConnections, open);
    for await (const _label of createInterface(socket)) {
      await sleep(PRINTING_MS);
      seen.labels += 1;
      socket.write("printed\n");
    }
    open -= 1;
  };
  const server = createServer((socket) => void serve(socket));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const dispose = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
    });
  return Object.assign(seen, { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: dispose });
}
