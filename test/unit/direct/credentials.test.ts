// Credentials are asked for once for all calls, and anew before they expire.
import { directClient } from "millrace/direct";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type AnswerRequest, CannedDispatcher, type DispatchedRequest } from "../../support/canned-dispatcher.js";
import { configured, DELETE, RECEIVE, type TestIdentity } from "../../support/direct-inputs.js";

const MINUTE_MS = 60_000;

/** A provider that gives out keys in turn, each valid for so long, and says how it was asked. */
class Provider {
  readonly asked: Array<{ forceRefresh?: boolean } | undefined> = [];
  readonly #validMs: number | undefined;

  constructor(validMs?: number) {
    this.#validMs = validMs;
  }

  readonly resolve = (options?: { forceRefresh?: boolean }): Promise<TestIdentity> => {
    const number = this.asked.push(options);
    return Promise.resolve({
      accessKeyId: `KEY${number}`,
      secretAccessKey: `secret ${number}`,
      sessionToken: `token ${number}`,
      ...(this.#validMs !== undefined && { expiration: new Date(Date.now() + this.#validMs) }),
    });
  };
}

function create(
  provider: Pick<Provider, "resolve">,
  answer: AnswerRequest = () => ({}),
): { client: ReturnType<typeof directClient>; keys: () => Array<string | undefined> } {
  const dispatcher = new CannedDispatcher(answer);
  const keys = (): Array<string | undefined> =>
    dispatcher.requests.map(({ headers }) => /Credential=(\w+)\//u.exec(headers["authorization"] ?? "")?.[1]);
  return { client: directClient({ client: configured(provider.resolve), dispatcher }), keys };
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

describe("credentials", () => {
  test("are asked for once by calls that start together, and not again by later ones", async () => {
    const provider = new Provider();
    const { client, keys } = create(provider);
    await Promise.all(Array.from({ length: 20 }, () => client.receiveMessage(RECEIVE)));
    vi.setSystemTime(Date.now() + 10_000 * MINUTE_MS);
    await client.receiveMessage(RECEIVE);
    expect(provider.asked).toHaveLength(1);
    expect(new Set(keys())).toEqual(new Set(["KEY1"]));
  });

  test("are asked for anew five minutes before they expire, as the SDK does it", async () => {
    const provider = new Provider(60 * MINUTE_MS);
    const { client, keys } = create(provider);
    await client.receiveMessage(RECEIVE);
    vi.setSystemTime(Date.now() + 55 * MINUTE_MS - 1);
    await client.receiveMessage(RECEIVE);
    vi.setSystemTime(Date.now() + 1);
    await Promise.all([client.receiveMessage(RECEIVE), client.receiveMessage(RECEIVE)]);
    expect(keys()).toEqual(["KEY1", "KEY1", "KEY2", "KEY2"]);
    expect(provider.asked).toEqual([undefined, undefined]);
  });

  // What an instance's metadata service gives out when it cannot be reached itself.
  test("that have expired are used as long as there are no others", async () => {
    const provider = new Provider(-MINUTE_MS);
    const { client, keys } = create(provider);
    await client.receiveMessage(RECEIVE);
    await client.receiveMessage(RECEIVE);
    expect(keys()).toEqual(["KEY1", "KEY2"]);
  });

  test("with a token send it, and sign it", async () => {
    const dispatcher = new CannedDispatcher();
    const client = directClient({ client: configured(new Provider().resolve), dispatcher });
    await client.receiveMessage(RECEIVE);
    const { headers } = dispatcher.requests[0] as DispatchedRequest;
    expect(headers["x-amz-security-token"]).toBe("token 1");
    expect(headers["authorization"]).toContain("x-amz-security-token");
  });

  test("that come when the client is closed are not used, whoever the dispatcher belongs to", async () => {
    let give: (identity: TestIdentity) => void = () => undefined;
    const resolve = (): Promise<TestIdentity> => new Promise((resolved) => (give = resolved));
    const { client, keys } = create({ resolve });
    const call = client.receiveMessage(RECEIVE);
    call.catch(() => undefined);
    await new Promise(setImmediate);
    await client.destroy();
    give(await new Provider().resolve());
    await expect(call).rejects.toThrow("has been closed");
    expect(keys()).toEqual([]);
  });

  test("that come when the calls have been given up send none of them: there may be hundreds, and they are late", async () => {
    let give: (identity: TestIdentity) => void = () => undefined;
    const resolve = (): Promise<TestIdentity> => new Promise((resolved) => (give = resolved));
    const { client, keys } = create({ resolve });
    const calls = Promise.allSettled(Array.from({ length: 3 }, () => client.deleteMessageBatch(DELETE)));
    await new Promise(setImmediate);
    vi.setSystemTime(Date.now() + 10_000);
    const inTime = client.receiveMessage(RECEIVE);
    give(await new Provider().resolve());
    const outcomes = await calls;
    expect(outcomes.map((outcome) => outcome.status === "rejected" && (outcome.reason as Error).name)).toEqual(
      Array.from({ length: 3 }, () => "TimeoutError"),
    );
    await expect(inTime).resolves.toEqual({});
    expect(keys()).toEqual(["KEY1"]);
  });

  test("that cannot be had fail the call, and are asked for by the next", async () => {
    let asked = 0;
    const resolve = (): Promise<TestIdentity> => {
      asked += 1;
      const error = Object.assign(new Error("no role"), { name: "CredentialsProviderError" });
      return asked === 1 ? Promise.reject(error) : new Provider().resolve();
    };
    const { client } = create({ resolve });
    await expect(client.receiveMessage(RECEIVE)).rejects.toMatchObject({ name: "CredentialsProviderError" });
    await expect(client.receiveMessage(RECEIVE)).resolves.toEqual({});
  });

  test.each([[undefined], [null], ["a word"], [{ $metadata: Object.freeze({}) }]])(
    "whose provider rejects with anything fail the call with it: %j",
    async (thrown) => {
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- Providers are the user's.
      const { client } = create({ resolve: () => Promise.reject(thrown) });
      await expect(client.receiveMessage(RECEIVE)).rejects.toBe(thrown);
    },
  );

  test.each([[{}], [undefined], [{ accessKeyId: "KEY" }]])("that are none fail the call: %j", async (identity) => {
    const { client } = create({ resolve: () => Promise.resolve(identity as TestIdentity) });
    await expect(client.receiveMessage(RECEIVE)).rejects.toMatchObject({ name: "CredentialsProviderError" });
  });
});

describe("credentials that the service calls expired", () => {
  const expired = { statusCode: 403, headers: { "x-amzn-query-error": "ExpiredToken;Sender" }, body: "{}" };
  const refusing =
    (...refused: string[]): AnswerRequest =>
    ({ headers }) =>
      refused.some((key) => headers["authorization"]?.includes(`${key}/`)) ? expired : {};

  test("are replaced past all caches, and the call is made again", async () => {
    const provider = new Provider();
    const { client, keys } = create(provider, refusing("KEY1"));
    await client.receiveMessage(RECEIVE);
    await client.receiveMessage(RECEIVE);
    expect(keys()).toEqual(["KEY1", "KEY2", "KEY2"]);
    expect(provider.asked).toEqual([undefined, { forceRefresh: true }]);
  });

  test("are replaced once for all calls that are out", async () => {
    const provider = new Provider();
    const { client } = create(provider, refusing("KEY1"));
    await Promise.all(Array.from({ length: 10 }, () => client.receiveMessage(RECEIVE)));
    expect(provider.asked).toHaveLength(2);
  });

  test("fail the call when the new ones are, too", async () => {
    const provider = new Provider();
    const { client, keys } = create(provider, refusing("KEY1", "KEY2"));
    await expect(client.receiveMessage(RECEIVE)).rejects.toMatchObject({ name: "ExpiredToken" });
    expect(keys()).toEqual(["KEY1", "KEY2"]);
  });

  test("or does not know are replaced by the time of the next call", async () => {
    const unknown = { ...expired, headers: { "x-amzn-query-error": "InvalidClientTokenId;Sender" } };
    const provider = new Provider();
    const { client, keys } = create(provider, (request) => (refusing("KEY1")(request, 0) === expired ? unknown : {}));
    await expect(client.receiveMessage(RECEIVE)).rejects.toMatchObject({ name: "InvalidClientTokenId" });
    await client.receiveMessage(RECEIVE);
    expect(keys()).toEqual(["KEY1", "KEY2"]);
    expect(provider.asked).toEqual([undefined, { forceRefresh: true }]);
  });
});
