// SHA-256, in the shape in which the SDK's signer takes it.
import { createHash, createHmac } from "node:crypto";

/** SHA-256 as the SDK's signer takes it, over Node's. */
export class Sha256 {
  readonly #hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash =
      secret === undefined ? createHash("sha256") : createHmac("sha256", secret as NodeJS.ArrayBufferView | string);
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {
    throw new Error("is not called");
  }
}
