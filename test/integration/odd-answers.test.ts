// What SQS does not send, over HTTP and with both clients: see docs/reliability.md, "Odd messages".
import { hash } from "node:crypto";
import { Consumer, type Message, type MillraceError } from "millrace";
import { beforeEach, describe, expect, it } from "vitest";
import { CLIENTS } from "../support/clients.js";
import { eventually, isolateAwsEnvironment } from "../support/http-queue.js";
import { type RawAnswer, type RawRequest, RawSqs } from "../support/raw-sqs.js";

const MEBIBYTE = 1_048_576;
const NOT_UTF8 = Buffer.from([0x61, 0xc3, 0x28, 0xff]);

/** A message as it goes over the wire; its sum is that of its body. */
function message(id: string, body: string, more: object = {}): object {
  const MD5OfBody = hash("md5", Buffer.from(body));
  return { MessageId: id, ReceiptHandle: `handle of ${id}`, Body: body, MD5OfBody, ...more };
}

const answerWith = (...messages: readonly unknown[]): Buffer => Buffer.from(JSON.stringify({ Messages: messages }));

/** JSON has no way to say bytes that are not UTF-8: they are put in its place. */
function withBytes(id: string, bytes: Buffer): Buffer {
  const [before = "", after = ""] = answerWith(message(id, "HERE", { MD5OfBody: hash("md5", bytes) }))
    .toString()
    .split("HERE");
  return Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]);
}

/** One after the other. What is refused as a whole is followed by something good, so that it is not backed off for long. */
const RECEIVES: readonly Buffer[] = [
  answerWith(
    { ...message("no body", ""), Body: undefined },
    message("an empty body", ""),
    message("half of a pair", "a\uD800b"),
    message("a NUL", "\u0000"),
  ),
  answerWith(...Array.from({ length: 10 }, (_, index) => message(`large ${index}`, "x".repeat(MEBIBYTE)))),
  answerWith(
    message("unexpected", "a", {
      Attributes: { ApproximateReceiveCount: "many", Unheard: "of" },
      MessageAttributes: { bytes: { DataType: "Binary", BinaryValue: "AAEC" }, odd: { DataType: "Odd.Type" } },
      Unheard: { of: [1, 2] },
    }),
  ),
  Buffer.from(answerWith(message("a prototype", "a")).toString().replace("{", '{"__proto__":{"isAdmin":true},')),
  withBytes("not UTF-8", NOT_UTF8),
  answerWith(message("good", "after bytes that are not UTF-8")),
  answerWith({ ...message("no handle", "a"), ReceiptHandle: undefined }, message("good 2", "beside it")),
  Buffer.from('{"Messages": {}}'),
  answerWith(
    ...Array.from({ length: 10 }, (_, index) => message("ten times", "a", { ReceiptHandle: `handle ${index}` })),
  ),
  answerWith(message("last", "a")),
];

function answer({ operation, count, body }: RawRequest): RawAnswer {
  if (operation === "ReceiveMessage") {
    const received = RECEIVES[count - 1];
    return received === undefined ? "hang" : { body: received };
  }
  const { Entries } = JSON.parse(body) as { Entries: ReadonlyArray<{ Id: string }> };
  return { body: JSON.stringify({ Successful: Entries.map(({ Id }) => ({ Id })) }) };
}

beforeEach(() => isolateAwsEnvironment());

describe.each(CLIENTS)("$name", ({ create }) => {
  it("hands over what can be handed over, and says what cannot", async () => {
    await using server = await RawSqs.start(answer);
    const { client, close } = create();
    const bodies = new Map<string | undefined, Array<Message["Body"]>>();
    const errors: MillraceError[] = [];
    const handler = ({ MessageId, Body }: Message): void => {
      bodies.set(MessageId, [...(bodies.get(MessageId) ?? []), Body]);
    };
    const options = { queueUrl: server.queueUrl, client, maxReceives: 1, random: () => 0, pollGraceMs: 0 };
    const consumer = new Consumer(handler, options);
    consumer.on("error", (error) => errors.push(error));
    await consumer.start();
    await eventually(() => bodies.has("last"));
    const { isDrained } = await consumer.stop({ timeoutMs: 5_000 });
    close();
    expect(isDrained).toBe(true);

    const large = Array.from({ length: 10 }, (_, index) => [`large ${index}`, ["x".repeat(MEBIBYTE)]] as const);
    expect(new Map(bodies)).toEqual(
      new Map<string, ReadonlyArray<string | undefined>>([
        ["no body", [undefined]],
        ["an empty body", [""]],
        ["half of a pair", ["a\uD800b"]],
        ["a NUL", ["\u0000"]],
        ...large,
        ["unexpected", ["a"]],
        ["a prototype", ["a"]],
        ["not UTF-8", [NOT_UTF8.toString()]],
        ["good", ["after bytes that are not UTF-8"]],
        ["good 2", ["beside it"]],
        ["ten times", ["a"]],
        ["last", ["a"]],
      ]),
    );
    const codes = errors.map(({ code }) => code);
    expect(codes).toEqual(["REQUEST_FAILED", expect.stringMatching(/^(NETWORK|REQUEST_FAILED)$/u)]);
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
    const deletes = server.requests.filter(({ operation }) => operation === "DeleteMessageBatch");
    expect(deletes.some(({ body }) => body.includes('"handle 9"'))).toBe(true);
  });
});
