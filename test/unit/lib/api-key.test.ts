import fc from "fast-check";
import { expect, test } from "vitest";
import { apiKeyOf, hasApiKey, keyFormOf, keyHashOf } from "#lib/auth/api-key.ts";

const random = fc.uint8Array({ minLength: 32, maxLength: 32 });

test("a key has one form, and no two are made of different bytes", () => {
  fc.assert(
    fc.property(random, random, (one, other) => {
      const key = apiKeyOf(one);
      expect(key).toMatch(/^twinspan_[0-9A-Za-z]{49}$/);
      expect(keyFormOf(key)).toBe("right");
      expect(apiKeyOf(other) === key).toBe(Buffer.from(one).equals(Buffer.from(other)));
    }),
  );
});

test("a key that is mistyped or cut anywhere is known as one that is wrong", () => {
  fc.assert(
    fc.property(random, fc.nat(48), fc.constantFrom(..."09AZaz"), (bytes, at, typed) => {
      const key = apiKeyOf(bytes);
      const place = "twinspan_".length + at;
      const mistyped = key.slice(0, place) + typed + key.slice(place + 1);
      expect(keyFormOf(mistyped)).toBe(mistyped === key ? "right" : "wrong");
      expect(keyFormOf(key.slice(0, place))).toBe("wrong");
    }),
  );
});

test("other credentials are none, and a key is found in a header's value", () => {
  for (const other of ["", "sk-proj-1", "Bearer x", "eyJhbGciOiJSUzI1NiJ9.e30.x"]) {
    expect([keyFormOf(other), hasApiKey(other)]).toEqual(["other", false]);
  }
  expect(hasApiKey(`Bearer ${apiKeyOf(new Uint8Array(32))}`)).toBe(true);
});

test("what is kept of a key is its SHA-256", () => {
  expect(keyHashOf("abc")).toBe("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});
