// A server is believed only with a certificate that is good, and is its own: else nothing is sent, credentials least of all.
import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { CLIENTS } from "../support/clients.js";
import { isolateAwsEnvironment } from "../support/http-queue.js";
import { runProgram } from "../support/program.js";
import { type RawAnswer, type RawRequest, RawSqs } from "../support/raw-sqs.js";

const FOLDER = "test/support/tls";
const MESSAGE = { MessageId: "1", ReceiptHandle: "handle", Body: "hello", MD5OfBody: hash("md5", "hello") };

function answer({ operation, count }: RawRequest): RawAnswer {
  if (operation !== "ReceiveMessage") return { body: JSON.stringify({ Successful: [{ Id: "0" }] }) };
  return { body: JSON.stringify({ Messages: [{ ...MESSAGE, MessageId: String(count) }] }) };
}

function serve(name: string): Promise<RawSqs> {
  const read = (file: string): Buffer => readFileSync(`${FOLDER}/${file}`);
  return RawSqs.start(answer, { cert: read(`${name}.pem`), key: read(`${name}.key.pem`) });
}

describe("both clients", () => {
  it("refuse a server that has signed its certificate itself, or shows that of another host", async () => {
    await using good = await serve("this-host");
    await using selfSigned = await serve("self-signed");
    await using otherHost = await serve("other-host");
    isolateAwsEnvironment();
    vi.stubEnv("NODE_EXTRA_CA_CERTS", resolve(FOLDER, "authority.pem"));
    const servers = [good, selfSigned, otherHost];
    const end = await runProgram("test/support/tls-consumers.ts", ...servers.map(({ queueUrl }) => queueUrl));
    expect(end).toMatchObject({ exitCode: 0 });
    const told = JSON.parse(end.output) as Array<{ readonly client: string; readonly queueUrl: string }>;
    expect(told).toHaveLength(3 * CLIENTS.length);
    const toldOf = ({ queueUrl }: RawSqs): object[] => told.filter((each) => each.queueUrl === queueUrl);
    const byEach = (what: object): object[] => CLIENTS.map(({ name }) => ({ client: name, ...what }));
    expect(toldOf(good)).toMatchObject(byEach({ body: "hello" }));
    for (const server of [selfSigned, otherHost]) {
      const refused = { code: "NETWORK", message: expect.stringContaining("certificate") as string };
      expect(toldOf(server)).toMatchObject(byEach(refused));
      expect(server.requests).toEqual([]);
    }
  });
});
