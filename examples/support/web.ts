// A web server that stands for two services: an object store to read from, and an endpoint to post to.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** The server on this machine, and what it has seen. */
export interface Web extends AsyncDisposable {
  readonly url: string;
  /** What was posted, by the key of the object it was made from. */
  readonly posted: ReadonlyMap<string, string>;
  /** The most requests that were being answered at once. */
  readonly mostAtOnce: number;
}

/** GET answers with an object, POST takes a result; one post in fifty is answered 503, as a busy service would. */
export async function startWeb(latencyMs: number): Promise<Web> {
  const posted = new Map<string, string>();
  const seen = { posted, mostAtOnce: 0 };
  let atOnce = 0;
  let posts = 0;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    atOnce += 1;
    seen.mostAtOnce = Math.max(seen.mostAtOnce, atOnce);
    const body = await readBody(request);
    await sleep(latencyMs * (0.5 + Math.random()));
    atOnce -= 1;
    const key = request.url ?? "";
    if (request.method === "GET") {
      response.end(`the object ${key}`);
      return;
    }
    posts += 1;
    if (posts % 50 !== 0) posted.set(key, body);
    response.writeHead(posts % 50 === 0 ? 503 : 204).end();
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const dispose = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
  };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(seen, { url, [Symbol.asyncDispose]: dispose });
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += chunk;
  return body;
}
