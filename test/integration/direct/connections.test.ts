// What can happen to a connection, over real sockets: silence, resets, cut-off and endless answers, aborts.
import { directClient, type DirectClientOptions } from "millrace/direct";
import { inspect } from "node:util";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { toServiceError } from "../../../src/sqs/service-errors.js";
import { configured, DELETE, RECEIVE } from "../../support/direct-inputs.js";
import { eventually } from "../../support/http-queue.js";
import { answerWith, type RawRequest, RawServer, type RespondRaw } from "../../support/raw-server.js";

interface Bench extends AsyncDisposable {
  readonly server: RawServer;
  readonly client: ReturnType<typeof directClient>;
  readonly receive: typeof RECEIVE;
  readonly deletion: typeof DELETE;
}

async function create(respond: RespondRaw, options: DirectClientOptions = {}): Promise<Bench> {
  const server = await RawServer.start(respond);
  const client = directClient({ client: configured(), ...options });
  return {
    server,
    client,
    receive: { ...RECEIVE, QueueUrl: server.queueUrl },
    deletion: { ...DELETE, QueueUrl: server.queueUrl },
    async [Symbol.asyncDispose]() {
      await client.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** As a process does that has no time, or a machine that sleeps. */
function standStill(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

const fine: RespondRaw = (socket) => void socket.write(answerWith("{}"));
const silent: RespondRaw = () => undefined;

async function failureOf(call: Promise<unknown>): Promise<Error & { code?: string }> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason as Error,
  );
  if (error === undefined) throw new Error("the call has not failed");
  return error;
}

/** How the consumer takes an error. */
const classOf = (error: Error): string => toServiceError(error, "it").errorClass;

describe.concurrent("a service that does not answer", () => {
  it("is given up: a delete is not made again, and its socket is closed", async () => {
    await using bench = await create(silent, { requestTimeoutMs: 1_000 });
    const error = await failureOf(bench.client.deleteMessageBatch(bench.deletion));
    expect(error).toMatchObject({ name: "TimeoutError", code: "UND_ERR_HEADERS_TIMEOUT" });
    expect(classOf(error)).toBe("network");
    expect(bench.server.requests).toHaveLength(1);
    await eventually(() => bench.server.openConnections === 0);
  });

  it("gets the wait of a receive on top", async () => {
    const late: RespondRaw = (socket) => void setTimeout(() => socket.write(answerWith("{}")), 1_500);
    await using bench = await create(late, { requestTimeoutMs: 1_000 });
    await expect(bench.client.receiveMessage({ ...bench.receive, WaitTimeSeconds: 1 })).resolves.toEqual({});
  });

  it("in the middle of its answer is given up", async () => {
    const half: RespondRaw = (socket) => void socket.write(answerWith("{}").slice(0, -1));
    await using bench = await create(half, { requestTimeoutMs: 1_000 });
    const error = await failureOf(bench.client.receiveMessage(bench.receive));
    expect(error.name).toBe("TimeoutError");
  });

  it("is given up when it answers letter by letter", async () => {
    const letters = answerWith(" ".repeat(1_000));
    const drip: RespondRaw = (socket) => {
      socket.write(letters.slice(0, -1_000));
      const dripping = setInterval(() => socket.write(" "), 20);
      socket.on("close", () => clearInterval(dripping));
    };
    await using bench = await create(drip, { requestTimeoutMs: 1_000 });
    const error = await failureOf(bench.client.receiveMessage(bench.receive));
    expect(error.name).toBe("TimeoutError");
    await eventually(() => bench.server.openConnections === 0);
  });

  it("and neither did this process: what came meanwhile is taken in", async () => {
    const text = JSON.stringify({ Messages: [{ Body: "a".repeat(1_000_000) }] });
    const stalls: RespondRaw = (socket) => {
      socket.write(answerWith(text).slice(0, 500_000), () => {
        standStill(1_500);
        socket.write(answerWith(text).slice(500_000));
      });
    };
    await using bench = await create(stalls, { requestTimeoutMs: 1_000 });
    await expect(bench.client.receiveMessage(bench.receive)).resolves.toEqual(JSON.parse(text));
  });

  it("is given up when no TLS comes about", async () => {
    await using bench = await create(silent, { connectTimeoutMs: 200, maxAttempts: 1 });
    const QueueUrl = bench.server.queueUrl.replace("http:", "https:");
    const error = await failureOf(bench.client.deleteMessageBatch({ ...bench.deletion, QueueUrl }));
    expect(error).toMatchObject({ name: "TimeoutError", code: "UND_ERR_CONNECT_TIMEOUT" });
  });
});

describe.concurrent("a connection that is reset", () => {
  const resets: RespondRaw = (socket) => void socket.resetAndDestroy();
  const resetsFirst: RespondRaw = (socket, request) => (request.connection === 0 ? resets : fine)(socket, request);

  it("once is not seen", async () => {
    await using bench = await create(resetsFirst);
    await expect(bench.client.deleteMessageBatch(bench.deletion)).resolves.toEqual({});
    expect(bench.server.requests).toHaveLength(2);
  });

  it("each time fails the call, and the consumer backs off", async () => {
    await using bench = await create(resets);
    const error = await failureOf(bench.client.receiveMessage(bench.receive));
    expect(classOf(error)).toBe("network");
    expect(bench.server.requests).toHaveLength(2);
  });

  it("is refused: nobody listens", async () => {
    const bench = await create(fine);
    await bench.server[Symbol.asyncDispose]();
    const error = await failureOf(bench.client.deleteMessageBatch(bench.deletion));
    expect(error).toMatchObject({ code: "ECONNREFUSED" });
    expect(classOf(error)).toBe("network");
    await bench.client.destroy();
  });
});

describe.concurrent("a socket that is kept", () => {
  it("serves one request after the other, receives and all else apart", async () => {
    await using bench = await create(fine);
    for (let round = 0; round < 5; round += 1) {
      await bench.client.receiveMessage(bench.receive);
      await bench.client.deleteMessageBatch(bench.deletion);
    }
    expect(bench.server.connections).toBe(2);
  });

  it("is not needed by a delete while 60 long polls wait", async () => {
    const pollsWait: RespondRaw = (socket, request) => {
      if (!request.head.includes("ReceiveMessage")) fine(socket, request);
    };
    await using bench = await create(pollsWait);
    const controllers = Array.from({ length: 60 }, () => new AbortController());
    const polls = controllers.map(({ signal }) =>
      failureOf(bench.client.receiveMessage(bench.receive, { abortSignal: signal })),
    );
    await eventually(() => bench.server.requests.length === 60);
    await bench.client.deleteMessageBatch(bench.deletion);
    expect(bench.server.connections).toBe(61);
    for (const controller of controllers) controller.abort();
    await Promise.all(polls);
  });

  // As load balancers do: the connection ends as the next request sets out.
  it.each(["is closed", "is reset"])("and %s meanwhile is replaced, for a receive too", async (how) => {
    const endsSecond: RespondRaw = (socket, request) => {
      if (request.index === 0) fine(socket, request);
      else if (how === "is reset") socket.resetAndDestroy();
      else socket.destroy();
    };
    await using bench = await create(endsSecond);
    await bench.client.receiveMessage(bench.receive);
    await nextTurn(); // undici does not take a socket again in the turn of its answer.
    await expect(bench.client.receiveMessage(bench.receive)).resolves.toEqual({});
    expect(bench.server.requests.map(({ connection, index }: RawRequest) => [connection, index])).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
    ]);
  });
});

describe.concurrent("an answer", () => {
  const answering = (bytes: string, end = false): RespondRaw => {
    return (socket) => void (end ? socket.end(bytes) : socket.write(bytes));
  };

  it.each([
    ["that is cut off", answering(answerWith('{"Messages":[{"Body":"of a message"}]}').slice(0, -5), true)],
    ["that is JSON cut off", answering(answerWith('{"Messages":[{"Body":"of a message"'))],
    ["that is the page of somebody else", answering(answerWith("<html>of a message</html>"))],
    ["that is no HTTP", answering("SSH-2.0 of a message\r\n")],
  ])("%s fails the receive: its messages may have been given", async (_name, respond) => {
    await using bench = await create(respond);
    const error = await failureOf(bench.client.receiveMessage(bench.receive));
    expect(error.name).toBe("NetworkingError");
    expect(classOf(error)).toBe("network");
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain("of a message");
  });

  it("that calls itself something else is read all the same, as the SDK does", async () => {
    await using bench = await create(
      answering('HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 15\r\n\r\n{"Messages":[]}'),
    );
    await expect(bench.client.receiveMessage(bench.receive)).resolves.toEqual({ Messages: [] });
  });

  it("in pieces is put together", async () => {
    const text = JSON.stringify({ Messages: [{ Body: "ä".repeat(100_000) }] });
    const pieces: RespondRaw = (socket) => {
      const bytes = Buffer.from(answerWith(text));
      for (let start = 0; start < bytes.length; start += 7_777) socket.write(bytes.subarray(start, start + 7_777));
    };
    await using bench = await create(pieces);
    await expect(bench.client.receiveMessage(bench.receive)).resolves.toEqual(JSON.parse(text));
  });

  it("that redirects is not followed", async () => {
    await using elsewhere = await RawServer.start(fine);
    const respond = answering(answerWith("", 302, [`location: ${elsewhere.queueUrl}`]));
    await using bench = await create(respond);
    const error = await failureOf(bench.client.deleteMessageBatch(bench.deletion));
    expect(error).toMatchObject({ $metadata: { httpStatusCode: 302, attempts: 1 } });
    expect(elsewhere.requests).toHaveLength(0);
  });

  it("without end is cut at 64 MiB", async () => {
    const endless: RespondRaw = (socket) => {
      const piece = Buffer.alloc(1_048_576, " ");
      socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
      const write = (): void => {
        while (socket.writable && socket.write(Buffer.concat([Buffer.from("100000\r\n"), piece, Buffer.from("\r\n")])));
      };
      socket.on("drain", write);
      write();
    };
    await using bench = await create(endless);
    const error = await failureOf(bench.client.receiveMessage(bench.receive));
    expect(error).toMatchObject({ name: "NetworkingError", message: "The answer has more than 67108864 bytes." });
    await eventually(() => bench.server.openConnections === 0);
  });
});

describe.concurrent("an end from this side", () => {
  it("of a long poll closes its socket", async () => {
    await using bench = await create(silent);
    const controller = new AbortController();
    const call = failureOf(bench.client.receiveMessage(bench.receive, { abortSignal: controller.signal }));
    await eventually(() => bench.server.requests.length === 1);
    controller.abort();
    expect(await call).toMatchObject({ name: "AbortError" });
    await eventually(() => bench.server.openConnections === 0);
  });

  it("by close() waits for what is out; later calls fail", async () => {
    let answer: () => void = () => undefined;
    const later: RespondRaw = (socket) => (answer = () => void socket.write(answerWith('{"Messages":[]}')));
    await using bench = await create(later);
    const call = bench.client.receiveMessage(bench.receive);
    await eventually(() => bench.server.requests.length === 1);
    const closing = bench.client.close();
    await expect(bench.client.receiveMessage(bench.receive)).rejects.toThrow("has been closed");
    answer();
    await expect(call).resolves.toEqual({ Messages: [] });
    await closing;
    await eventually(() => bench.server.openConnections === 0);
  });

  it("by destroy() ends what is out, and can come twice", async () => {
    await using bench = await create(silent);
    const calls = [bench.client.receiveMessage(bench.receive), bench.client.deleteMessageBatch(bench.deletion)];
    const failures = calls.map(failureOf);
    await eventually(() => bench.server.requests.length === 2);
    await bench.client.destroy();
    await Promise.all(failures);
    await bench.client.destroy();
    await bench.client.close();
    expect(bench.server.requests).toHaveLength(2);
    await eventually(() => bench.server.openConnections === 0);
  });

  it("before anything was begun", async () => {
    const client = directClient({ client: configured() });
    await client.close();
    await client[Symbol.asyncDispose]();
    await expect(client.receiveMessage(RECEIVE)).rejects.toThrow("has been closed");
  });
});
