import { expect, test } from "vitest";
import { maskedOf } from "../../../cli/masked.ts";

test("what may be a secret is masked: keys, and every header whatever its name; where a secret is, and what is unset, is shown", () => {
  const provider = { kind: "openai", apiKey: "sk-1", sessionToken: "t", headers: { cookie: "c", "x-auth": "a" } };
  expect(maskedOf({ providers: { keys: provider } })).toEqual({
    providers: {
      keys: { kind: "openai", apiKey: "***", sessionToken: "***", headers: { cookie: "***", "x-auth": "***" } },
    },
  });
  const references = { apiKeyFile: "/run/secrets/openai", apiKey: "${OPENAI_API_KEY}" };
  expect(maskedOf(references)).toEqual(references);
});

test("of an address the password is masked, and nothing else", () => {
  const url = "postgres://writer:s:e@db.example:5432/twinspan?sslmode=verify-full";
  expect(maskedOf({ url })).toEqual({ url: "postgres://writer:***@db.example:5432/twinspan?sslmode=verify-full" });
  for (const plain of ["http://127.0.0.1:8080/a@b", "postgres://writer@db/twinspan", "127.0.0.1:7002"]) {
    expect(maskedOf({ url: plain })).toEqual({ url: plain });
  }
});

test("a key of ours is masked wherever it is, and the hash of one is shown", () => {
  const auth = { keys: [{ name: "agents", hash: "sha256:00", roles: ["invoke"] }] };
  expect(maskedOf({ gateway: { traceWriterKey: "twinspan_1" }, auth })).toEqual({
    gateway: { traceWriterKey: "***" },
    auth,
  });
});
