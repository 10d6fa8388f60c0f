// The least that a message can cost on Node with a client of HTTP that can be installed: the same loop as over the SDK, over
// undici, with requests signed as the service demands and nothing else.
import { createHash, createHmac } from "node:crypto";
import { Pool } from "undici";
import { type LoopCalls, startLoops } from "./loops.js";
import type { StartSubject } from "./subject.js";

const SIGNED_HEADERS = "host;x-amz-date;x-amz-target";

/** Signature Version 4 (docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html), the day's key kept. */
class Signer {
  readonly #host: string;
  readonly #scope: string;
  readonly #day: string;
  readonly #key: Buffer;
  readonly #credential: string;

  constructor(host: string) {
    const { AWS_ACCESS_KEY_ID = "", AWS_SECRET_ACCESS_KEY = "", AWS_REGION = "" } = process.env;
    this.#host = host;
    this.#day = now().slice(0, 8);
    this.#scope = `${this.#day}/${AWS_REGION}/sqs/aws4_request`;
    this.#credential = `AWS4-HMAC-SHA256 Credential=${AWS_ACCESS_KEY_ID}/${this.#scope}, SignedHeaders=${SIGNED_HEADERS}, Signature=`;
    const parts = [this.#day, AWS_REGION, "sqs", "aws4_request"];
    const secret: Buffer = Buffer.from(`AWS4${AWS_SECRET_ACCESS_KEY}`);
    this.#key = parts.reduce((key, part) => hmac(key, part), secret);
  }

  headers(target: string, body: string): Record<string, string> {
    const date = now();
    const canonical = `POST\n/\n\nhost:${this.#host}\nx-amz-date:${date}\nx-amz-target:${target}\n\n${SIGNED_HEADERS}\n${sha256(body)}`;
    const text = `AWS4-HMAC-SHA256\n${date}\n${this.#scope}\n${sha256(canonical)}`;
    return {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": target,
      "x-amz-date": date,
      authorization: this.#credential + hmac(this.#key, text).toString("hex"),
    };
  }
}

function now(): string {
  return new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

/** Makes a signed call of the service, and parses its answer. */
export type UndiciCall = (action: string, input: object) => Promise<unknown>;

/** Over so many connections, to the host of a queue. */
export function createUndiciCall(queueUrl: string, connections: number): UndiciCall {
  const { origin, host } = new URL(queueUrl);
  const pool = new Pool(origin, { connections });
  const signer = new Signer(host);
  return async (action, input) => {
    const body = JSON.stringify(input);
    const headers = signer.headers(`AmazonSQS.${action}`, body);
    const answer = await pool.request({ path: "/", method: "POST", headers, body });
    return JSON.parse(await answer.body.text()) as unknown;
  };
}

/** For each of the two calls: a long poll of an empty queue is not to keep a delete from its connection. */
const CONNECTIONS = 16;

export const start: StartSubject = (setup, handle) => {
  const receive = createUndiciCall(setup.queueUrl, CONNECTIONS);
  const remove = createUndiciCall(setup.queueUrl, CONNECTIONS);
  const calls: LoopCalls = {
    receive: (input) => receive("ReceiveMessage", input) as ReturnType<LoopCalls["receive"]>,
    remove: (input) => remove("DeleteMessageBatch", input),
  };
  return Promise.resolve(startLoops(setup, calls, handle));
};
