// The one list of what goes wrong between a consumer and its server: the tests and `npm run faults` go by it.
import type { ServerResponse } from "node:http";
import type { Answer, HttpFault } from "./http-proxy.js";
import type { Period } from "./period.js";
import type { TcpFault } from "./tcp-proxy.js";

/** Something that goes wrong. */
export interface FaultCase {
  readonly name: string;
  /** What happens while it is on, for the docs. */
  readonly what: string;
  readonly tcp?: TcpFault;
  readonly http?: HttpFault;
  /** Whether the service is reached by HTTPS. */
  readonly isTls?: boolean;
}

/** Larger than anything SQS answers: ten messages have 10 MiB at most, and bodies here have a few bytes. */
const HUGE_BYTES = 2 * 1_048_576;

const TCP_FAULTS: readonly FaultCase[] = [
  {
    name: "latency",
    what: "every piece is 200 ± 100 ms late, either way",
    tcp: { kind: "latency", ms: 200, jitterMs: 100 },
  },
  {
    name: "bandwidth",
    what: "4 kB a second for each connection, either way",
    tcp: { kind: "bandwidth", bytesPerSecond: 4_096 },
  },
  {
    name: "slicer",
    what: "pieces of 100 bytes, 5 ms apart",
    tcp: { kind: "slicer", bytes: 100, pauseMs: 5 },
  },
  {
    name: "limit",
    what: "a connection ends after 600 bytes of answers",
    tcp: { kind: "limit", bytes: 600 },
  },
  {
    name: "reset",
    what: "a connection is reset when a request sets out, or when an answer does",
    tcp: { kind: "reset" },
  },
  {
    name: "refused",
    what: "nobody listens, connections are reset",
    tcp: { kind: "refused" },
  },
  {
    name: "half-open",
    what: "connections that were there are silent for good, new ones work",
    tcp: { kind: "halfOpen" },
  },
  {
    name: "black hole",
    what: "every connection is silent for good, new ones too",
    tcp: { kind: "blackHole" },
  },
  {
    name: "one way",
    what: "requests arrive, answers do not",
    tcp: { kind: "oneWay" },
  },
  {
    name: "stall",
    what: "everything is held back, and arrives when the fault is over",
    tcp: { kind: "stall" },
  },
];

const HTTP_FAULTS: readonly FaultCase[] = [
  {
    name: "429",
    what: "429 from a gateway, in plain text",
    http: { worked: "byTurns", spoil: refuse(429, "text/plain", "Too Many Requests\n", { "retry-after": "1" }) },
  },
  {
    name: "500",
    what: "500 from the service, in its own words",
    http: {
      worked: "byTurns",
      spoil: refuse(500, "application/x-amz-json-1.0", '{"__type":"com.amazonaws.sqs#InternalFailure"}'),
    },
  },
  {
    name: "503",
    what: "503 from a load balancer, in HTML",
    http: { worked: "byTurns", spoil: refuse(503, "text/html", "<html><body>Service Unavailable</body></html>") },
  },
  {
    name: "302",
    what: "302 to another path",
    http: { worked: "byTurns", spoil: refuse(302, "text/html", "", { location: "/elsewhere" }) },
  },
  {
    name: "malformed JSON",
    what: "200, and half of the JSON",
    http: {
      worked: "byTurns",
      spoil: (response, { headers, body }) => void response.writeHead(200, headers).end(half(body)),
    },
  },
  {
    name: "other JSON",
    what: "200, and JSON of another shape: `null`, a list, a word, other types",
    http: { worked: "byTurns", spoil: answerOtherJson() },
  },
  {
    name: "truncated body",
    what: "half of the announced length, then the end of the connection",
    http: { worked: "byTurns", spoil: truncate },
  },
  {
    name: "wrong content type",
    what: "200, and a page of HTML",
    http: { worked: "byTurns", spoil: refuse(200, "text/html", "<html><body>Please log in</body></html>") },
  },
  {
    name: "empty body",
    what: "200, and nothing",
    http: { worked: "byTurns", spoil: refuse(200, "application/x-amz-json-1.0", "") },
  },
  {
    name: "huge answers",
    what: "the answer, and 2 MiB beside it",
    http: { worked: "all", spoil: pad },
  },
  {
    name: "slow bytes",
    what: "the answer, a byte every 20 ms",
    http: { worked: "all", spoil: drip },
  },
  {
    name: "stalled body",
    what: "half of the answer, then silence",
    http: {
      worked: "byTurns",
      spoil: (response, answer) => void announce(response, answer).write(half(answer.body)),
    },
  },
];

/** Some of them over TLS, where they meet handshakes as well. */
const TLS_FAULTS: readonly FaultCase[] = [...TCP_FAULTS, ...HTTP_FAULTS]
  .filter(({ name }) => ["reset", "black hole", "truncated body"].includes(name))
  .map((fault) => ({ ...fault, name: `${fault.name}, TLS`, isTls: true }));

/** Everything that goes wrong, one by one. */
export const FAULTS: readonly FaultCase[] = [...TCP_FAULTS, ...HTTP_FAULTS, ...TLS_FAULTS];

function refuse(
  status: number,
  contentType: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): HttpFault["spoil"] {
  return (response) => void response.writeHead(status, { ...headers, "content-type": contentType }).end(body);
}

function answerOtherJson(): HttpFault["spoil"] {
  const bodies = ["null", "[]", '"ok"', '{"Messages":"none","Successful":"all","Failed":7}', '{"Messages":[null,7]}'];
  let turn = 0;
  return (response, { headers }) => {
    turn += 1;
    response.writeHead(200, headers).end(bodies[turn % bodies.length]);
  };
}

function truncate(response: ServerResponse, answer: Answer): void {
  announce(response, answer).write(half(answer.body), () => response.destroy());
}

function pad(response: ServerResponse, { status, headers, body }: Answer): void {
  const padding = JSON.stringify("x".repeat(HUGE_BYTES));
  response.writeHead(status, headers).end(body === "{}" ? body : `{"Padding":${padding},${body.slice(1)}`);
}

async function drip(response: ServerResponse, answer: Answer, period: Period): Promise<void> {
  announce(response, answer);
  for (const character of answer.body) {
    if (response.destroyed) return;
    response.write(character);
    await period.pause(20);
  }
  response.end();
}

/** The head of the whole answer. */
function announce(response: ServerResponse, { status, headers, body }: Answer): ServerResponse {
  return response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
}

function half(body: string): string {
  return body.slice(0, Math.ceil(body.length / 2));
}
