import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sealOf, unsealed } from "../../../../services/gateway/translation/carried-metadata.ts";

describe("what is carried between turns", () => {
  it("comes back as it was", () => {
    const metadata = {
      google: { thoughtSignature: "c2ln" },
      openai: { itemId: "rs_1", reasoningEncryptedContent: "x" },
    };
    const seal = sealOf(metadata);
    expect(seal).toMatch(/^[A-Za-z0-9+/]+=*$/);
    expect(unsealed(seal ?? "")).toEqual({ of: "this", options: metadata });
    const ofACall = { of: "next", options: { google: { thoughtSignature: "c2ln" } } };
    expect(unsealed(sealOf(metadata, "next") ?? "")).toEqual(ofACall);
  });

  it("is a closed list of fields", () => {
    expect(sealOf({ anthropic: { cacheControl: { type: "ephemeral" } }, openai: { logprobs: "x" } })).toBeUndefined();
    const forged = Buffer.from('{"twinspan":{"openai":{"store":"yes","itemId":"i"},"a b":{"itemId":"i"}}}').toString(
      "base64",
    );
    expect(unsealed(forged)).toEqual({ of: "this", options: { openai: { itemId: "i" } } });
  });

  it("is nothing, whatever else a text holds", () => {
    fc.assert(fc.property(fc.string(), (text) => unsealed(text) === undefined));
    expect(unsealed("eyJ0d2luc3BhbiI6!!!")).toBeUndefined();
  });
});
