import fc from "fast-check";
import { expect, test } from "vitest";
import { configSchema } from "#lib/config/schema.ts";
import type { Payload } from "../../../services/gateway/core/invocation.ts";
import { configuredPolicyOf } from "../../../services/gateway/core/payload/configured-policy.ts";
import { keptPayloadOf, keptTextOf } from "../../../services/gateway/core/payload/payload-policy.ts";

const LIMIT = 8 * 1024 * 1024;
const digest = (bytes: Uint8Array) => `digest of ${bytes.length}`;
const payloadOf = (value: unknown): Payload => ({ bytes: Buffer.from(JSON.stringify(value)), truncated: false });

/** The policy of an endpoint with these settings. */
function policyOf(payload: object, redaction: object = {}) {
  const provider = { kind: "openai" };
  const endpoints = [{ name: "one", models: [{ provider: "p", model: "m" }], payload }];
  const config = configSchema.parse({ providers: { p: provider }, endpoints, redaction });
  const [endpoint] = config.endpoints;
  if (endpoint === undefined) throw new Error("the endpoint is missing");
  return configuredPolicyOf(endpoint.payload, config.redaction, LIMIT);
}

const patterns = (...names: string[]) => policyOf({ redact: names.map((pattern) => ({ pattern })) });
const paths = (...places: string[]) => policyOf({ redact: places.map((path) => ({ path })) });
const kept = (policy: ReturnType<typeof policyOf>, value: unknown) => {
  const { bytes, withheld, redactions } = keptPayloadOf(policy, payloadOf(value), digest);
  return { value: withheld === undefined ? JSON.parse(bytes.toString()) : undefined, withheld, redactions };
};

test("a path blacks out every value at its places, whatever they are", () => {
  const value = {
    messages: [
      { role: "user", content: "secret" },
      { role: "user", content: [{ text: "secret" }] },
    ],
    n: 1,
  };
  expect(kept(paths("$.messages[*].content"), value)).toEqual({
    value: {
      messages: [
        { role: "user", content: "[redacted]" },
        { role: "user", content: "[redacted]" },
      ],
      n: 1,
    },
    withheld: undefined,
    redactions: 2,
  });
  expect(kept(paths("$"), value).value).toBe("[redacted]");
  expect(kept(paths("$.messages", "$.messages[0].content"), value).value).toEqual({ messages: "[redacted]", n: 1 });
  expect(kept(paths("$..content"), value).redactions).toBe(2);
  expect(kept(paths("$.nowhere"), value)).toMatchObject({ value, redactions: 0 });
});

test("patterns look at every text: in lists, keys, numbers, and JSON within texts, as deep as it goes", () => {
  const policy = patterns("email", "credit-card");
  const args = JSON.stringify({ to: ["a@b.example", { card: 4_111_111_111_111_111 }], n: 1 });
  expect(
    kept(policy, { "a@b.example": 1, list: ["x a@b.example y"], card: 4_111_111_111_111_111, args }).value,
  ).toEqual({
    "[redacted:email]": 1,
    list: ["x [redacted:email] y"],
    card: "[redacted:credit-card]",
    args: '{"to":["[redacted:email]",{"card":"[redacted:credit-card]"}],"n":1}',
  });
  const untouched = { args: '{ "spaces" : "stay" }', n: 1.5, t: true, nothing: null };
  expect(kept(policy, untouched)).toMatchObject({ value: untouched, redactions: 0 });
});

test("keys that read the same without what was in them stay apart", () => {
  expect(kept(patterns("email"), { "a@b.example": 1, "c@d.example": 2, "[redacted:email]": 3 }).value).toEqual({
    "[redacted:email]": 1,
    "[redacted:email]#2": 2,
    "[redacted:email]#3": 3,
  });
});

test.each([
  ["an escape", '{"text":"a\\u0040b.example"}'],
  [
    "an escape of every letter",
    `{"text":"${[..."a@b.example"].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`).join("")}"}`,
  ],
  ["an escape within JSON in a text", '{"text":"{\\"to\\":\\"a\\\\u0040b.example\\"}"}'],
  ["an escape within JSON in a text that is cut off", '{"text":"{\\"to\\":\\"a\\\\u0040b.example"}'],
  ["a line end within JSON in a text that is cut off", '{"text":"{\\"to\\":\\"me:\\\\na@b.example"}'],
  [
    "JSON in a text in JSON in a text",
    JSON.stringify({ text: JSON.stringify({ text: JSON.stringify(["a@b.example"]) }) }),
  ],
  ["a value that is there twice", '{"text":"a@b.example","text":"fine"}'],
  ["one that is there twice within a text", '{"text":"{\\"a\\":\\"a@b.example\\",\\"a\\":1}"}'],
  [
    "bytes that are no UTF-8",
    Buffer.from([...Buffer.from('{"text":"a@b.example'), 0xff, ...Buffer.from('"}')]).toString("latin1"),
  ],
  ["a key __proto__", '{"__proto__":{"text":"a@b.example"}}'],
])("what a pattern must find is not hidden by %s", (_how, json) => {
  const { bytes, withheld } = keptPayloadOf(
    patterns("email"),
    { bytes: Buffer.from(json, "latin1"), truncated: false },
    digest,
  );
  expect(withheld).toBeUndefined();
  const text = bytes.toString();
  expect(text).not.toMatch(/b\.example|u0040/);
  expect(() => JSON.parse(text)).not.toThrow();
});

const SECRET = "zz-secret-4711";
const json = fc.jsonValue({ maxDepth: 4 });
/** Any JSON with the secret somewhere in it: as a value, in a text, as a key, in JSON in a text. */
const planted: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(
      SECRET,
      `before ${SECRET} after`,
      `é${SECRET}漢`,
      { [SECRET]: 1 },
      { __proto__: null, [SECRET]: 1 },
    ),
    fc.tuple(json, tie("node"), json).map(([a, b, c]) => [a, b, c]),
    fc.tuple(fc.string(), tie("node"), json).map(([key, value, other]) => ({ other, [key]: value })),
    tie("node").map((value) => ({ arguments: JSON.stringify(value) })),
  ),
})).node;

test("a secret that a pattern of the operator's finds is nowhere in what is kept, wherever it was", () => {
  const policy = policyOf({ redact: [{ pattern: "mine" }] }, { patterns: { mine: "zz-secret-[0-9]+" } });
  const preview = policyOf(
    { keep: "preview", redact: [{ pattern: "mine" }] },
    { patterns: { mine: "zz-secret-[0-9]+" } },
  );
  fc.assert(
    fc.property(planted, (value) => {
      for (const one of [policy, preview]) {
        const { bytes, withheld, redactions } = keptPayloadOf(one, payloadOf(value), digest);
        expect(withheld).toBeUndefined();
        expect(bytes.toString()).not.toContain("secret-4711");
        expect(redactions).toBeGreaterThan(0);
        JSON.parse(bytes.toString());
      }
    }),
  );
});

test("any JSON without anything to find reads the same afterwards", () => {
  fc.assert(
    fc.property(json, (value) => {
      const plain: unknown = JSON.parse(JSON.stringify(value));
      expect(kept(policyOf({ redact: [{ pattern: "never" }] }, { patterns: { never: "(?!)" } }), value).value).toEqual(
        plain,
      );
    }),
  );
});

test("what a rule cannot be applied to is withheld, with the reason", () => {
  const policy = patterns("email");
  const withheldOf = (payload: Payload, some = policy) => keptPayloadOf(some, payload, digest);
  const bytes = Buffer.from('{"a":"a@b.example"}');
  expect(withheldOf({ bytes: bytes.subarray(0, 10), truncated: false })).toMatchObject({ withheld: "not_json" });
  expect(withheldOf({ bytes, truncated: true })).toMatchObject({ withheld: "truncated" });
  expect(withheldOf({ bytes: Buffer.alloc(3 * 1024 * 1024, "a"), truncated: false }).withheld).toBe("too_large");
  for (const { bytes: left } of [withheldOf({ bytes, truncated: true })]) expect(left).toHaveLength(0);
  const deep = { bytes: Buffer.from(`${"[".repeat(50_000)}${"]".repeat(50_000)}`), truncated: false };
  expect(() => withheldOf(deep)).toThrow(RangeError);
  expect(() => withheldOf(deep, policyOf({ keep: "preview" }))).toThrow(RangeError);
});

test("without rules a payload is kept to the byte, cut at its limit", () => {
  const bytes = Buffer.from('{ "a" : 1.0 }');
  expect(keptPayloadOf(policyOf({}), { bytes, truncated: false }, digest).bytes).toBe(bytes);
  const long = { bytes: Buffer.alloc(3_000, "x"), truncated: false };
  expect(keptPayloadOf(policyOf({ bytesMax: 2048 }), long, digest)).toMatchObject({
    bytes: long.bytes.subarray(0, 2048),
    truncated: true,
  });
});

test("with rules a payload is blacked out first and cut then: no half of a secret is left", () => {
  const policy = policyOf({ bytesMax: 1024, redact: [{ pattern: "email" }] });
  const { bytes, truncated } = keptPayloadOf(policy, payloadOf({ a: `${"x ".repeat(504)}a@b.example.com` }), digest);
  expect(truncated).toBe(true);
  expect(bytes.toString()).not.toContain("a@b");
});

test("a preview has each text cut, and is JSON still", () => {
  const policy = policyOf({ keep: "preview", previewCharacters: 5 });
  expect(
    kept(policy, { text: "1234567", emoji: "1234😀", list: ["short", 12_345_678], "a long key": null }).value,
  ).toEqual({
    text: "12345…",
    emoji: "1234…",
    list: ["short", 12_345_678],
    "a lon…": null,
  });
  expect(keptTextOf(policy, "not JSON, but a text", digest).bytes.toString()).toBe("not J…");
  expect(keptPayloadOf(policy, { bytes: Buffer.from("{"), truncated: false }, digest).withheld).toBe("not_json");
});

test("a hash is a digest and a length, and nothing is nothing", () => {
  const payload = payloadOf({ secret: SECRET });
  expect(JSON.parse(keptPayloadOf(policyOf({ keep: "hash" }), payload, digest).bytes.toString())).toEqual({
    sha256: `digest of ${payload.bytes.length}`,
    bytes: payload.bytes.length,
  });
  expect(keptTextOf(policyOf({ keep: "hash" }), SECRET, digest).bytes.toString()).not.toContain(SECRET);
  expect(keptPayloadOf(policyOf({ keep: "none" }), payload, digest).bytes).toHaveLength(0);
  expect(keptTextOf(policyOf({ keep: "none" }), SECRET, digest).bytes).toHaveLength(0);
});

test("the text of an error is blacked out as JSON where it is JSON, else as text, unless there are rules for places", () => {
  const text = (policy: ReturnType<typeof policyOf>, said: string) => {
    const { bytes, withheld } = keptTextOf(policy, said, digest);
    return withheld ?? bytes.toString();
  };
  expect(text(patterns("email"), "no mail to a@b.example")).toBe("no mail to [redacted:email]");
  expect(text(patterns("email"), '{"error":{"message":"a\\u0040b.example"}}')).toBe(
    '{"error":{"message":"[redacted:email]"}}',
  );
  expect(text(paths("$.error.message"), '{"error":{"message":"canary"}}')).toBe('{"error":{"message":"[redacted]"}}');
  expect(text(paths("$.error.message"), "canary")).toBe("not_json");
});
