// Signs the requests of the default client, in the place of the SDK's own signer: Signature Version 4, without what SQS never
// needs, and with the key of the day kept. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
import { createHmac, createSecretKey, hash, type KeyObject } from "node:crypto";

/** Who signs. */
export interface SigningIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** A request as the SDK gives it to a signer: to the path `/`, without a query. */
export interface SignableRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: unknown;
}

/** When and where it is sent. The SDK has put the date right, if the clock is wrong. */
export interface SigningFacts {
  signingDate?: Date | number | string | undefined;
  signingRegion?: string | undefined;
}

/** A signing key, which holds for a day. */
interface DayKey {
  readonly secretAccessKey: string;
  readonly scope: string;
  readonly key: KeyObject;
}

const ALGORITHM = "AWS4-HMAC-SHA256";
const SERVICE = "sqs";

/** To be given to an SDK client as `signer`. */
export class SdkSigner {
  readonly #credentials: () => Promise<SigningIdentity>;
  readonly #region: () => Promise<string>;
  #dayKey: DayKey | undefined;

  /** The functions of the client's configuration, which keep what they have resolved. */
  constructor(config: { credentials: () => Promise<SigningIdentity>; region: () => Promise<string> }) {
    this.#credentials = config.credentials;
    this.#region = config.region;
  }

  /** Signs the request itself, not a copy. One that is sent again is signed again. */
  async sign<Request extends SignableRequest>(request: Request, facts: SigningFacts = {}): Promise<Request> {
    const identity = await this.#credentials();
    const region = facts.signingRegion ?? (await this.#region());
    const date = formatDate(new Date(facts.signingDate ?? Date.now()));
    const { headers } = request;
    headers["x-amz-date"] = date;
    if (identity.sessionToken === undefined) delete headers["x-amz-security-token"];
    else headers["x-amz-security-token"] = identity.sessionToken;
    const signed = signedHeaders(headers);
    const names = signed.map(([name]) => name).join(";");
    const lines = signed.map(([name, value]) => `${name}:${value}\n`).join("");
    const canonical = `${request.method}\n${request.path}\n\n${lines}\n${names}\n${hash("sha256", bodyOf(request))}`;
    const { scope, key } = this.#dayKeyOf(identity, `${date.slice(0, 8)}/${region}/${SERVICE}/aws4_request`);
    const toSign = `${ALGORITHM}\n${date}\n${scope}\n${hash("sha256", canonical)}`;
    const signature = createHmac("sha256", key).update(toSign).digest("hex");
    headers["authorization"] =
      `${ALGORITHM} Credential=${identity.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
    return request;
  }

  #dayKeyOf({ secretAccessKey }: SigningIdentity, scope: string): DayKey {
    const known = this.#dayKey;
    if (known?.scope === scope && known.secretAccessKey === secretAccessKey) return known;
    const key = scope.split("/").reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
    this.#dayKey = { secretAccessKey, scope, key: createSecretKey(key as Buffer) };
    return this.#dayKey;
  }
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

/** `20260131T235959Z` */
function formatDate(date: Date): string {
  return `${date.toISOString().replaceAll(/[-:]/gu, "").slice(0, 15)}Z`;
}

/** Those that have to be signed, by their names in order: the host, the type, and what is the service's. */
function signedHeaders(headers: SignableRequest["headers"]): Array<[name: string, value: string]> {
  const signed: Array<[string, string]> = [];
  for (const header of Object.keys(headers)) {
    const name = header.toLowerCase();
    if (name !== "host" && name !== "content-type" && !name.startsWith("x-amz-")) continue;
    signed.push([name, String(headers[header]).trim().replaceAll(/\s+/gu, " ")]);
  }
  return signed.sort(([one], [other]) => (one < other ? -1 : 1));
}

function bodyOf({ body = "" }: SignableRequest): string | Uint8Array {
  if (typeof body === "string" || body instanceof Uint8Array) return body;
  throw new TypeError("A request to SQS has a body that is neither text nor bytes.");
}
