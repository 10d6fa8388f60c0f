// Requests are signed as the SDK signs them.
import { fc } from "@fast-check/vitest";
import { SignatureV4 } from "@smithy/signature-v4";
import { describe, expect, test } from "vitest";
import { type Identity, Signer } from "../../../src/direct/signature.js";
import { Sha256 } from "../../support/sha256.js";

interface Sample {
  readonly url: URL;
  readonly region: string;
  readonly target: string;
  readonly body: string;
  readonly identity: Identity;
  readonly now: number;
}

const base64 = fc.base64String({ minLength: 4, maxLength: 200 });
const sample: fc.Arbitrary<Sample> = fc.record({
  url: fc
    .record({
      scheme: fc.constantFrom("http", "https"),
      host: fc.oneof(fc.domain(), fc.ipV4(), fc.constantFrom("localhost", "[::1]")),
      port: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
      path: fc.array(fc.oneof(fc.webSegment(), fc.constantFrom("", ".", "..", "a b", "ä", "(x)'*!", "%2F", "~"))),
    })
    .map(({ scheme, host, port, path }) => {
      return new URL(`${scheme}://${host}${port === undefined ? "" : `:${port}`}/${path.join("/")}`);
    }),
  region: fc.constantFrom("us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1", "us-iso-east-1"),
  target: fc.constantFrom("AmazonSQS.ReceiveMessage", "AmazonSQS.DeleteMessageBatch"),
  body: fc.oneof(fc.json(), fc.string({ unit: "binary" })),
  identity: fc.record({
    accessKeyId: fc.stringMatching(/^[A-Z0-9]{16,20}$/u),
    secretAccessKey: fc.oneof(base64, fc.string({ minLength: 1 })),
    sessionToken: fc.option(base64, { nil: undefined }),
  }),
  now: fc.integer({ min: 0, max: Date.UTC(2099, 11, 31) }),
});

function pathOf({ pathname }: URL): string {
  return pathname.endsWith("/") ? pathname : `${pathname}/`;
}

function sign({ url, region, target, body, identity, now }: Sample): Record<string, string> {
  const signer = new Signer({ origin: url.origin, host: url.host, path: pathOf(url), region });
  return toObject(signer.sign({ target, body }, identity, now));
}

function toObject(headers: readonly string[]): Record<string, string> {
  const pairs = Array.from({ length: headers.length / 2 }, (_, index) => [headers[2 * index], headers[2 * index + 1]]);
  return Object.fromEntries(pairs) as Record<string, string>;
}

async function signBySdk({ url, region, target, body, identity, now }: Sample): Promise<Record<string, string>> {
  const { accessKeyId, secretAccessKey, sessionToken } = identity;
  const signer = new SignatureV4({
    service: "sqs",
    region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
    sha256: Sha256,
    applyChecksum: false,
  });
  const { hostname, protocol } = url;
  const headers = {
    host: url.host,
    "content-type": "application/x-amz-json-1.0",
    "user-agent": "millrace",
    "x-amz-target": target,
    "x-amzn-query-mode": "true",
  };
  const request = { method: "POST", protocol, hostname, path: pathOf(url), headers, body };
  const signed = await signer.sign(request, { signingDate: new Date(now) });
  return signed.headers;
}

describe("the headers of a request", () => {
  test("are those of the SDK's signer", async () => {
    await fc.assert(
      fc.asyncProperty(sample, async (drawn) => {
        const { host, ...expected } = await signBySdk(drawn);
        expect(sign(drawn)).toEqual(expected);
        expect(host).toBe(drawn.url.host);
      }),
      { numRuns: 300 },
    );
  });

  // What is kept between requests: the date for a second, the key for a day and an identity.
  test("do not depend on what was signed before", async () => {
    await fc.assert(
      fc.asyncProperty(sample, fc.array(fc.tuple(sample, fc.boolean()), { maxLength: 8 }), async (first, others) => {
        const { url, region } = first;
        const signer = new Signer({ origin: url.origin, host: url.host, path: pathOf(url), region });
        for (const [other, isSame] of others) {
          const identity = isSame ? first.identity : other.identity;
          const { host: _, ...expected } = await signBySdk({ ...other, url, region, identity });
          expect(toObject(signer.sign(other, identity, other.now))).toEqual(expected);
        }
      }),
    );
  });

  test("say the second, whatever the millisecond", () => {
    const [drawn] = fc.sample(sample, 1) as [Sample];
    const dateAt = (now: number): string | undefined => sign({ ...drawn, now })["x-amz-date"];
    expect(dateAt(Date.UTC(2026, 0, 31, 23, 59, 59, 999))).toBe("20260131T235959Z");
    expect(dateAt(Date.UTC(2026, 1, 1))).toBe("20260201T000000Z");
  });
});
