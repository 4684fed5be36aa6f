import { expect, test } from "vitest";
import { apiKeyOf, keyHashOf } from "#lib/auth/api-key.ts";
import { Authority } from "#lib/auth/authority.ts";
import { NOBODY } from "#lib/auth/identity.ts";
import { parseConfig } from "#lib/config/load.ts";
import { ServiceError } from "#lib/service-error.ts";

const keyOf = (n: number) => apiKeyOf(new Uint8Array(32).fill(n));
const [OLD, NEW, OTHER, UNKNOWN] = [keyOf(1), keyOf(2), keyOf(3), keyOf(4)];

function configOf(keys: readonly object[], more: object = {}) {
  return parseConfig(JSON.stringify({ auth: { keys }, ...more }), "twinspan.yaml", {});
}

const agents = (key: string, more: object = {}) => ({
  name: "agents",
  roles: ["invoke"],
  hash: keyHashOf(key),
  ...more,
});

function presented(headers: Readonly<Record<string, string>>) {
  return { header: (name: string) => headers[name], peer: undefined };
}

async function outcomeOf(authority: Authority, headers: Readonly<Record<string, string>>): Promise<string> {
  try {
    return (await authority.identify(presented(headers))).name;
  } catch (error) {
    if (error instanceof ServiceError) return `${error.kind} ${error.metadata["reason"]}`;
    throw error;
  }
}

test.each([
  { authorization: `Bearer ${NEW}` },
  { authorization: `bearer  ${NEW}` },
  { authorization: NEW },
  { "x-api-key": NEW },
  { "x-goog-api-key": NEW },
  { "api-key": NEW },
  { "x-twinspan-key": NEW },
  { "x-twinspan-key": NEW, authorization: "Bearer sk-proj-of-the-provider" },
  { authorization: "Bearer sk-proj-of-the-provider", "x-api-key": NEW },
])("a key is found wherever an SDK puts it, beside a key for the provider too: %j", async (headers) => {
  expect(await outcomeOf(new Authority(configOf([agents(NEW)])), headers)).toBe("agents");
});

test("who brings none, one that is not known, one that is mistyped or one that has expired is refused, each by its reason", async () => {
  const authority = new Authority(configOf([agents(NEW), agents(OLD, { expires: "2026-01-01T00:00:00Z" })]), () =>
    Date.parse("2026-01-01T00:00:00Z"),
  );
  expect(await outcomeOf(authority, {})).toBe("unauthenticated missing");
  expect(await outcomeOf(authority, { authorization: "Bearer sk-proj-1" })).toBe("unauthenticated missing");
  expect(await outcomeOf(authority, { "x-twinspan-key": "anything" })).toBe("unauthenticated unknown");
  expect(await outcomeOf(authority, { authorization: `Bearer ${UNKNOWN}` })).toBe("unauthenticated unknown");
  expect(await outcomeOf(authority, { authorization: `Bearer ${NEW.slice(0, -1)}` })).toBe("unauthenticated unknown");
  expect(await outcomeOf(authority, { authorization: `Bearer ${OLD}` })).toBe("unauthenticated expired");
});

test("a key is replaced without a gap: two of one name are one caller, until the old one is taken out", async () => {
  const authority = new Authority(configOf([agents(OLD)]));
  authority.replace(configOf([agents(OLD), agents(NEW)]));
  for (const key of [OLD, NEW]) expect(await outcomeOf(authority, { "x-api-key": key })).toBe("agents");
  authority.replace(configOf([agents(NEW)]));
  expect(await outcomeOf(authority, { "x-api-key": OLD })).toBe("unauthenticated unknown");
  expect(await outcomeOf(authority, { "x-api-key": NEW })).toBe("agents");
});

test("without keys everyone is nobody, and may do everything", async () => {
  for (const text of ["", "auth: none"]) {
    const authority = new Authority(parseConfig(text, "twinspan.yaml", {}));
    expect(authority.identify(presented({ "x-api-key": NEW }))).toBe(NOBODY);
  }
});

test("of what a key is refused with, nothing names the key", () => {
  const authority = new Authority(configOf([agents(NEW)]));
  for (const key of [OTHER, NEW.slice(0, -1)]) {
    expect(() => authority.identify(presented({ "x-api-key": key }))).toThrow(/^((?!twinspan_).)*$/);
  }
});
