// Who signs: asked for once for all calls, and anew before it expires.
import type { Identity } from "./signature.js";

/** As long before their end as the SDK's own cache. */
const REFRESH_BEFORE_MS = 300_000;

/** Asks for an identity. With `isRefused`, the last one was refused. */
export type ResolveIdentity = (isRefused: boolean) => Promise<Identity>;

/** Keeps the identity that was last resolved. */
export class Credentials {
  readonly #resolve: ResolveIdentity;
  #identity: Identity | undefined;
  /** On the wall clock. */
  #refreshAt = -Infinity;
  #isRefused = false;
  #resolving: Promise<Identity> | undefined;

  constructor(resolve: ResolveIdentity) {
    this.#resolve = resolve;
  }

  /** The identity, unless it is to be asked for. */
  get current(): Identity | undefined {
    return Date.now() < this.#refreshAt ? this.#identity : undefined;
  }

  /** Asks for it; calls that come meanwhile wait for the same answer. */
  resolve(): Promise<Identity> {
    return (this.#resolving ??= this.#ask());
  }

  /** The service has refused it as expired: the next one is not to come from a cache. */
  refuse(identity: Identity): void {
    if (this.#identity !== identity) return; // There is another one by now.
    this.#isRefused = true;
    this.#refreshAt = -Infinity;
  }

  async #ask(): Promise<Identity> {
    try {
      const resolved = await this.#resolve(this.#isRefused);
      this.#isRefused = false;
      return this.#keep(resolved);
    } finally {
      this.#resolving = undefined;
    }
  }

  /** Signing keys are kept by identity, so one that has not changed stays the same object. */
  #keep(resolved: Identity | undefined): Identity {
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = resolved ?? ({} as Partial<Identity>);
    if (typeof accessKeyId !== "string" || typeof secretAccessKey !== "string") throw createInvalidError();
    const known = this.#identity;
    const isKnown =
      known?.accessKeyId === accessKeyId &&
      known.secretAccessKey === secretAccessKey &&
      known.sessionToken === sessionToken;
    const identity = isKnown ? known : { accessKeyId, secretAccessKey, sessionToken };
    this.#identity = identity;
    this.#refreshAt = expiration === undefined ? Infinity : expiration.getTime() - REFRESH_BEFORE_MS;
    return identity;
  }
}

/** By the name that the SDK's providers have for it. */
function createInvalidError(): Error {
  return Object.assign(new Error("The credentials that were resolved have no access key."), {
    name: "CredentialsProviderError",
  });
}
