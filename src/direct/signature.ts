// AWS Signature Version 4, for the one kind of request that SQS takes: a POST with JSON.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
import { createHmac, hash } from "node:crypto";
import { HmacKey } from "./hmac.js";

/** Who signs. */
export interface Identity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly expiration?: Date | undefined;
}

/** Where requests go, and the region they are signed for. */
export interface Destination {
  readonly origin: string;
  /** As the header `host` has it: with the port, unless it is the scheme's own. */
  readonly host: string;
  readonly path: string;
  readonly region: string;
}

/** What is signed. */
export interface Unsigned {
  /** The header `x-amz-target`. */
  readonly target: string;
  readonly body: string;
}

const ALGORITHM = "AWS4-HMAC-SHA256";
const SERVICE = "sqs";
const CONTENT_TYPE = "application/x-amz-json-1.0";
const USER_AGENT = "millrace";
const SIGNED_HEADERS = "content-type;host;x-amz-date;x-amz-target;x-amzn-query-mode";
const SIGNED_HEADERS_WITH_TOKEN = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target;x-amzn-query-mode";

/** A signing key, which holds for a day. */
interface DayKey {
  readonly identity: Identity;
  readonly day: string;
  readonly scope: string;
  readonly key: HmacKey;
}

/** Signs the requests to one destination. */
export class Signer {
  readonly destination: Destination;
  readonly #beforeDate: string;
  #dayKey: DayKey | undefined;
  #second = NaN;
  #date = "";

  constructor(destination: Destination) {
    this.destination = destination;
    const path = canonicalPath(destination.path);
    this.#beforeDate = `POST\n${path}\n\ncontent-type:${CONTENT_TYPE}\nhost:${destination.host}\nx-amz-date:`;
  }

  /** The headers of a request, names and values in turn; `host` and `content-length` are the transport's. */
  sign({ target, body }: Unsigned, identity: Identity, now: number): string[] {
    const date = this.#dateAt(now);
    const { key, scope } = this.#dayKeyOf(identity, date.slice(0, 8));
    const { accessKeyId, sessionToken } = identity;
    const tokenLine = sessionToken === undefined ? "" : `x-amz-security-token:${sessionToken}\n`;
    const signedHeaders = sessionToken === undefined ? SIGNED_HEADERS : SIGNED_HEADERS_WITH_TOKEN;
    const canonicalRequest =
      `${this.#beforeDate}${date}\n${tokenLine}x-amz-target:${target}\nx-amzn-query-mode:true\n\n` +
      `${signedHeaders}\n${hash("sha256", body)}`;
    const toSign = `${ALGORITHM}\n${date}\n${scope}\n${hash("sha256", canonicalRequest)}`;
    const headers = [
      "content-type",
      CONTENT_TYPE,
      "user-agent",
      USER_AGENT,
      "x-amz-target",
      target,
      "x-amzn-query-mode",
      "true",
      "x-amz-date",
      date,
      "authorization",
      `${ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${key.sign(toSign)}`,
    ];
    if (sessionToken !== undefined) headers.push("x-amz-security-token", sessionToken);
    return headers;
  }

  /** `20260131T235959Z`, made once a second. */
  #dateAt(now: number): string {
    const second = Math.floor(now / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#date = `${new Date(second * 1_000).toISOString().replaceAll(/[-:]/gu, "").slice(0, 15)}Z`;
    }
    return this.#date;
  }

  #dayKeyOf(identity: Identity, day: string): DayKey {
    const known = this.#dayKey;
    if (known !== undefined && known.identity === identity && known.day === day) return known;
    const { region } = this.destination;
    const ofDay = hmac(`AWS4${identity.secretAccessKey}`, day);
    const key = hmac(hmac(hmac(ofDay, region), SERVICE), "aws4_request");
    const scope = `${day}/${region}/${SERVICE}/aws4_request`;
    this.#dayKey = { identity, day, scope, key: new HmacKey(key) };
    return this.#dayKey;
  }
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

/** Without empty segments and dots, and with what is escaped already escaped once more: S3 alone does otherwise. */
function canonicalPath(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(escapeSegment(segment));
  }
  const end = segments.length > 0 && path.endsWith("/") ? "/" : "";
  return `/${segments.join("/")}${end}`;
}

function escapeSegment(segment: string): string {
  const escape = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(segment).replaceAll(/[!'()*]/gu, escape);
}
