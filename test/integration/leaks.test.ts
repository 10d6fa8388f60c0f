// What nobody is to read in a log: credentials, receipt handles and bodies are marked, everything goes wrong that can, and
// all that a consumer tells is searched for the marks.
import { hash } from "node:crypto";
import { inspect } from "node:util";
import { Consumer, type ConsumerEvents, type Logger, deadLetter, retry, withSchema } from "millrace";
import * as v from "valibot";
import { beforeEach, describe, expect, it } from "vitest";
import { CONSUMER_EVENT_NAMES as EVENT_NAMES } from "../../src/consumer/events.js";
import { CLIENTS } from "../support/clients.js";

import { eventually, isolateAwsEnvironment } from "../support/http-queue.js";
import { type RawAnswer, type RawRequest, RawSqs } from "../support/raw-sqs.js";

const MARKS = {
  AWS_SECRET_ACCESS_KEY: "MARKsecretMARKsecretMARKsecretMARK",
  AWS_SESSION_TOKEN: "MARKtokenMARKtoken",
  body: "MARKbodyMARKbody",
  attribute: "MARKattribute",
  handle: "MARKhandleMARKhandle",
} as const;
const ACCESS_KEY_ID = "AKIAMARKEDFORTHISTEST";

/** Everything as text that could be written of something: also what an error holds behind its message. */
function textsOf(told: unknown): string[] {
  const texts = [inspect(told, { depth: 12, showHidden: false, maxStringLength: null }), String(told)];
  try {
    texts.push(JSON.stringify(told) ?? "");
  } catch {
    // Cyclic.
  }
  for (let error = told; error instanceof Error; error = error.cause) {
    texts.push(error.message, error.stack ?? "", JSON.stringify(error), JSON.stringify(Object.entries(error)));
    if ("cause" in error && Object.getOwnPropertyDescriptor(error, "cause")?.get !== undefined) break; // To be asked for.
  }
  return texts;
}

/** The marks that are in it. */
function marksIn(told: unknown): string[] {
  const texts = textsOf(told);
  const isIn = (mark: string): boolean => texts.some((text) => text.includes(mark));
  return [...Object.values(MARKS), ACCESS_KEY_ID].filter((mark) => isIn(mark));
}

const messages = (count: number): string => {
  const Messages = Array.from({ length: 10 }, (_, index) => {
    const Body = JSON.stringify({ index, card: MARKS.body });
    return {
      MessageId: `${count}-${index}`,
      ReceiptHandle: `${MARKS.handle}-${count}-${index}`,
      Body,
      MD5OfBody: hash("md5", Body),
      MessageAttributes: { trace: { DataType: "String", StringValue: MARKS.attribute } },
    };
  });
  return JSON.stringify({ Messages });
};

/** A refusal in which the service repeats all that it was sent. */
function repeat(code: string, { headers, body }: RawRequest, status = 400): RawAnswer {
  const message = `No.\n\nThe Canonical String for this request should have been\n'POST\n${JSON.stringify(headers)}'`;
  const handles = [...body.matchAll(/"ReceiptHandle":"([^"]*)"|"MessageBody":"((?:[^"\\]|\\.)*)"/gu)];
  const quoted = handles.map(([, handle, text]) => handle ?? String(JSON.parse(`"${text}"`))).join(" ");
  return { status, body: JSON.stringify({ __type: `com.amazonaws.sqs#${code}`, message: `${quoted} ${message}` }) };
}

/** The entries of a batch, each refused with its own handle or body repeated. */
function refuseEntries({ body }: RawRequest, senderFault: boolean): RawAnswer {
  const { Entries } = JSON.parse(body) as {
    Entries: Array<{ Id: string; ReceiptHandle?: string; MessageBody?: string }>;
  };
  const Failed = Entries.map(({ Id, ReceiptHandle, MessageBody }) => ({
    Id,
    Code: "ReceiptHandleIsInvalid",
    SenderFault: senderFault,
    Message: `The value "${ReceiptHandle ?? MessageBody}" is not valid.`,
  }));
  return { body: JSON.stringify({ Failed }) };
}

const FAILURES: ReadonlyArray<(request: RawRequest) => RawAnswer> = [
  (request) => repeat("SignatureDoesNotMatch", request, 403),
  (request) => repeat("InvalidParameterValue", request),
  (request) => repeat("InternalError", request, 500),
  (request) => ({ body: `{"Messages": [{"Body": ${MARKS.body}, "ReceiptHandle": ${request.body}` }),
  () => ({ body: `{"Messages": "${MARKS.body}"}` }),
  () => ({ body: messages(0).slice(0, 200) }),
  () => ({ status: 502, body: `<html>${MARKS.body}</html>`, headers: { "content-type": "text/html" } }),
  () => "reset",
];

/** Every other receive fails, each in its own way. */
const LAST_RECEIVE = 2 * FAILURES.length;

function answer(request: RawRequest): RawAnswer {
  if (request.operation === "ReceiveMessage") {
    if (request.count > LAST_RECEIVE) return "hang";
    const failure = request.count % 2 === 1 ? FAILURES[(request.count - 1) / 2] : undefined;
    return failure?.(request) ?? { body: messages(request.count) };
  }
  const failure = FAILURES[request.count - 1];
  if (request.count % 3 === 1) return refuseEntries(request, request.count % 2 === 0);
  return failure?.(request) ?? refuseEntries(request, true);
}

/** All that is told, but for the messages themselves: those of an event are what it is for. */
class Told {
  readonly all: unknown[] = [];
  readonly names = new Set<string>();
  readonly logger: Logger;

  constructor() {
    const log = (message: string, facts?: unknown): void => void this.all.push(message, facts);
    this.logger = { debug: log, info: log, warn: log, error: log };
  }

  listen(consumer: Consumer): void {
    for (const name of EVENT_NAMES) {
      consumer.on(name, (...payload: ConsumerEvents[keyof ConsumerEvents]) => {
        this.names.add(name);
        const [facts] = payload as readonly unknown[];
        const isPlain = typeof facts === "object" && facts !== null && !(facts instanceof Error);
        this.all.push(isPlain ? { ...facts, message: undefined } : facts);
      });
    }
  }
}

const schema = v.object({ index: v.number(), card: v.pipe(v.string(), v.maxLength(3)) });

beforeEach(() => {
  isolateAwsEnvironment({
    AWS_ACCESS_KEY_ID: ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY: MARKS.AWS_SECRET_ACCESS_KEY,
    AWS_SESSION_TOKEN: MARKS.AWS_SESSION_TOKEN,
  });
});

describe.each(CLIENTS)("$name", ({ create }) => {
  it("tells of nothing that is nobody's business, whatever goes wrong", async () => {
    await using server = await RawSqs.start(answer);
    const { client, close } = create();
    const told = new Told();
    const judge = withSchema(schema, () => undefined);
    const consumer = new Consumer(
      async (message, context) => {
        const index = Number(message.MessageId?.split("-")[1]);
        if (index < 2) return judge(message, context);
        if (index < 4) return deadLetter("it cannot be done");
        return index < 6 ? retry({ afterSeconds: 5 }) : undefined;
      },
      {
        queueUrl: server.queueUrl,
        deadLetterQueueUrl: `${server.queueUrl}-dead`,
        client,
        logger: told.logger,
        random: () => 0,
        waitTimeSeconds: 1,
        requestTimeoutMs: 5_000,
        visibilityTimeoutSeconds: 5,
        settleMaxAgeMs: 5,
        pollGraceMs: 0,
      },
    );
    told.listen(consumer);
    await consumer.start();
    const countOf = (name: string): number => server.requests.filter(({ operation }) => operation === name).length;
    const settling = ["DeleteMessageBatch", "ChangeMessageVisibilityBatch", "SendMessageBatch"];
    await eventually(() => countOf("ReceiveMessage") > LAST_RECEIVE && settling.every((name) => countOf(name) > 2));
    await eventually(() => ["error", "messageFailed", "backedOff"].every((name) => told.names.has(name)));
    await consumer.stop({ timeoutMs: 500 });
    close();
    told.all.push(consumer.stats(), consumer);
    const codes = new Set(told.all.map((each) => (each as { code?: string } | undefined)?.code).filter(Boolean));
    expect([...codes]).toEqual(expect.arrayContaining(["CREDENTIALS_REFUSED", "REQUEST_FAILED", "NETWORK"]));
    const leaks = told.all.map((each) => [marksIn(each), inspect(each)] as const).filter(([marks]) => marks.length > 0);
    expect(leaks).toEqual([]);
  });
});

it("the marks would be found", () => {
  expect(marksIn(new Error("a", { cause: new Error(MARKS.body) }))).toEqual([MARKS.body]);
  expect(marksIn({ a: { b: [MARKS.handle] } })).toEqual([MARKS.handle]);
});
