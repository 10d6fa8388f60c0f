// What is computed by hand is what node:crypto computes.
import { createHmac } from "node:crypto";
import { fc } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { HmacKey } from "../../../src/direct/hmac.js";

const text = fc.string({ unit: "grapheme-ascii", maxLength: 600 });

test("a key signs one text after the other, short or long", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.array(text, { minLength: 1 }), (bytes, texts) => {
      const key = new HmacKey(Buffer.from(bytes));
      for (const each of texts) expect(key.sign(each)).toBe(createHmac("sha256", bytes).update(each).digest("hex"));
    }),
  );
});
