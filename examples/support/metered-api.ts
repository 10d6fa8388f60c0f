// Somebody else's API, which counts calls: so many a second, and at one moment it is too busy for anybody.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** An API with a limit, on this machine. */
export interface MeteredApi extends AsyncDisposable {
  readonly url: string;
  /** What was posted to it and accepted. */
  readonly accepted: Set<string>;
  /** Calls that were answered with 429. */
  readonly refused: number;
  /** The most calls that came within one second, refused ones included. */
  readonly mostWithinASecond: number;
}

/** Starts an API that becomes busy after so many calls, and tells callers to come again in a second. */
export async function startMeteredApi({ busyAfter }: { busyAfter: number }): Promise<MeteredApi> {
  const accepted = new Set<string>();
  const calledAt: number[] = [];
  let refused = 0;
  let busyUntil = -Infinity;
  let mostWithinASecond = 0;
  const server = createServer((request, response) => {
    const now = performance.now();
    calledAt.push(now);
    mostWithinASecond = Math.max(mostWithinASecond, calledAt.filter((moment) => moment > now - 1_000).length);
    if (calledAt.length === busyAfter) busyUntil = now + 900;
    if (now < busyUntil) {
      refused += 1;
      response.writeHead(429, { "Retry-After": "1" }).end();
    } else {
      accepted.add(request.url ?? "");
      response.writeHead(204).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    accepted,
    get refused() {
      return refused;
    },
    get mostWithinASecond() {
      return mostWithinASecond;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
