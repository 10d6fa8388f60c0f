// HMAC-SHA-256 with a key that is used again and again (RFC 2104): two hashes, each in one call. Making the stream that
// node:crypto has for it costs more than all hashes of a request together.
import { hash } from "node:crypto";

const BLOCK_BYTES = 64;
const HASH_BYTES = 32;
/** More than a text that is signed has; a longer one takes a new buffer. */
const USUAL_TEXT_BYTES = 256;

/** A key, made ready. */
export class HmacKey {
  /** The key's inner pad, and room for a text behind it. */
  #inner: Buffer;
  /** The key's outer pad, and room for a hash behind it. */
  readonly #outer: Buffer;

  /** @param key - A hash: keys of another length are not needed. */
  constructor(key: Buffer) {
    this.#inner = Buffer.alloc(BLOCK_BYTES + USUAL_TEXT_BYTES);
    this.#outer = Buffer.alloc(BLOCK_BYTES + HASH_BYTES);
    for (let index = 0; index < BLOCK_BYTES; index += 1) {
      const byte = key[index] ?? 0;
      this.#inner[index] = byte ^ 0x36;
      this.#outer[index] = byte ^ 0x5c;
    }
  }

  /** Signs a text of ASCII letters; in hex. */
  sign(text: string): string {
    const end = BLOCK_BYTES + text.length;
    if (end > this.#inner.length) this.#inner = Buffer.concat([this.#inner], end);
    this.#inner.write(text, BLOCK_BYTES, "latin1");
    hash("sha256", this.#inner.subarray(0, end), "buffer").copy(this.#outer, BLOCK_BYTES);
    return hash("sha256", this.#outer);
  }
}
