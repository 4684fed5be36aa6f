import { expect, test } from "vitest";
import { faultsOf, GOOD } from "./config-faults.ts";

test("a provider that is not there is named, with those that are", () => {
  const text = GOOD.replace("provider: openai", "provider: bedrock");
  expect(faultsOf(text)).toEqual([
    'twinspan.yaml:6:26  endpoints[0].models[0].provider: no provider "bedrock" under providers (have: openai). Add it, or fix the name.',
  ]);
});

test("a rule that blacks out nothing that can be named is a fault", () => {
  const rules =
    "redaction:\n  patterns: { mine: '(' }\n  rules: [{ path: '$.[' }, { pattern: other }, { path: $.a }]\n";
  expect(faultsOf(`${GOOD}${rules}`)).toEqual([
    expect.stringMatching(/redaction\.patterns\.mine: is no regular expression/),
    expect.stringMatching(/redaction\.rules\[0\]\.path: is no JSONPath: unexpected/),
    expect.stringMatching(/redaction\.rules\[1\]\.pattern: no pattern "other" \(have: api-key, .*, mine\)/),
  ]);
});

test("an endpoint that is there twice is a fault", () => {
  const twice = `${GOOD}  - { name: assistant, models: [{ provider: openai, model: m }] }\n`;
  expect(faultsOf(twice)).toEqual(['twinspan.yaml:7:13  endpoints[1].name: "assistant" is there twice. Rename one.']);
});

test.each([
  [
    "providers: { a: { kind: anthropic, formats: [openai-chat] } }",
    "providers.a.formats: means nothing to a provider of kind anthropic",
  ],
  [
    "providers: { a: { kind: openai, region: us-east-1 } }",
    "providers.a.region: means nothing to a provider of kind openai",
  ],
  [
    "providers: { a: { kind: openai, dialects: [] } }",
    'there is no setting "dialects", which is called "formats" now, here',
  ],
  ["gateway: { dialects: [] }", 'there is no setting "dialects" here'],
  ["providers: { a: { baseUrl: 'https://me:word@example.com/v1' } }", "providers.a.baseUrl: must be without a user"],
  ["providers: { 'a b': { kind: openai } }", "providers.a b: its name must be 1 to 128"],
  [
    "providers: { a: { kind: openai, headers: { X-Y: z } } }",
    "headers.X-Y: its name must be a header's name in lower case",
  ],
  ["redaction: { patterns: { email: x } }", 'redaction.patterns.email: there is a built-in pattern "email" already'],
])("what would be without effect, or cannot be, is a fault: %s", (text, fault) => {
  expect(faultsOf(text).filter((line) => line.includes(fault))).toHaveLength(1);
});

test("an endpoint that passes its callers' keys on has one provider: a key is for one", () => {
  const text = (fallback: string) => `
providers: { one: { kind: openai }, two: { kind: anthropic } }
endpoints:
  - name: own
    credentials: caller
    models: [{ provider: one, model: a }]
    fallbacks: [{ provider: ${fallback}, model: b }]
`;
  expect(faultsOf(text("one"))).toEqual([]);
  expect(faultsOf(text("two"))).toEqual([
    expect.stringContaining("endpoints[0].credentials: a caller's key is for one"),
  ]);
});

test("rules of limits limit something, for endpoints that there are, and each has a name of its own", () => {
  const text = `limits:
  rules:
    - { name: a, per: key }
    - { name: a, per: key, requestsMax: 1, endpoints: [none] }
  redis: { url: "redis://me:secret@redis:6379" }
`;
  expect(faultsOf(text)).toEqual([
    "twinspan.yaml:3:7  limits.rules[0]: limits nothing. Give requestsMax, tokensMax, usdMax or callsMax.",
    'twinspan.yaml:4:15  limits.rules[1].name: "a" is there twice. Rename one.',
    'twinspan.yaml:4:56  limits.rules[1].endpoints[0]: no endpoint "none" under endpoints. Add it, or fix the name.',
    "twinspan.yaml:5:17  limits.redis.url: must hold no user and password. Give limits.redis.username and limits.redis.password.",
  ]);
});

test("destinations are named by those who forward to them, and their addresses fit their protocol", () => {
  const text = `traceWriter:
  destinations:
    jaeger: { url: "http://jaeger:4317/v1/traces", protocol: grpc }
    tempo: { url: "http://me:secret@tempo:4318/v1/traces" }
  mirrors: { forwardTo: [jaeger, jaeger, tempe] }
  experiments:
    - { name: mine, forwardTo: [phoenix] }
    - { name: mine }
    - { name: mine, workspace: team }
workspaces:
  - { name: team, mirrors: { forwardTo: [langfuse] } }
auth:
  keys:
    - { name: a, roles: [invoke], hash: "sha256:${"0".repeat(64)}", mirrors: { forwardTo: [tempo, tempo] } }
  certificates:
    - { name: b, roles: [invoke], subject: "CN:b", mirrors: { forwardTo: [nowhere] } }
`;
  expect(faultsOf(text)).toEqual([
    "twinspan.yaml:3:20  traceWriter.destinations.jaeger.url: must have no path with protocol grpc: http://collector:4317",
    "twinspan.yaml:4:19  traceWriter.destinations.tempo.url: must hold no user and password. Give an authorization header.",
    'twinspan.yaml:5:34  traceWriter.mirrors.forwardTo[1]: "jaeger" is there twice. Keep one.',
    'twinspan.yaml:5:42  traceWriter.mirrors.forwardTo[2]: no destination "tempe" under traceWriter.destinations (have: jaeger, tempo). Add it, or fix the name.',
    'twinspan.yaml:7:33  traceWriter.experiments[0].forwardTo[0]: no destination "phoenix" under traceWriter.destinations (have: jaeger, tempo). Add it, or fix the name.',
    'twinspan.yaml:11:42  workspaces[0].mirrors.forwardTo[0]: no destination "langfuse" under traceWriter.destinations (have: jaeger, tempo). Add it, or fix the name.',
    'twinspan.yaml:14:146  auth.keys[0].mirrors.forwardTo[1]: "tempo" is there twice. Keep one.',
    'twinspan.yaml:16:75  auth.certificates[0].mirrors.forwardTo[0]: no destination "nowhere" under traceWriter.destinations (have: jaeger, tempo). Add it, or fix the name.',
    'twinspan.yaml:8:15  traceWriter.experiments[1].name: "mine" is there twice. Keep one.',
  ]);
});

test("the store that is used has what it needs", () => {
  const store = (settings: string) => faultsOf(`traceWriter:\n  store: ${settings}\n`);
  const url = "postgres://writer@db/twinspan";
  expect(store(`{ use: postgres, postgres: { url: "${url}", password: "\${SECRET:-hidden}" } }`)).toEqual([]);
  expect(store("{ postgres: {} }")).toEqual([]);
  expect(store("{ use: postgres }")).toEqual([
    "twinspan.yaml:2:10  traceWriter.store.postgres.url: is missing. It must say where the database is: postgres://user@host/name",
  ]);
  expect(
    store(`{ postgres: { url: "postgres://writer:hidden@db/twinspan", password: "\${SECRET:-hidden}" } }`),
  ).toEqual([expect.stringContaining("traceWriter.store.postgres.password: there is a password in the url already.")]);
  expect(store("{ use: clickhouse }")).toEqual([
    "twinspan.yaml:2:10  traceWriter.store.clickhouse.url: is missing. It must say where ClickHouse is: http://host:8123",
  ]);
  expect(store('{ clickhouse: { url: "http://writer:hidden@db:8123" } }')).toEqual([
    expect.stringContaining("traceWriter.store.clickhouse.url: must hold no password."),
  ]);
  expect(store("{ postgres: { url: db } }")).toEqual([
    expect.stringContaining("must be an address, such as postgres://"),
  ]);
});

test("a provider's host is no longer than a name in the DNS can be, as a trace says it", () => {
  const at = (host: string) => faultsOf(GOOD.replace("api.openai.com", host));
  expect(at("a".repeat(253))).toEqual([]);
  expect(at("a".repeat(254))).toEqual([expect.stringContaining("providers.openai.baseUrl: must be an address")]);
});

test.each(["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "gateway.internal:1"])(
  "nothing listens at %s without keys, unless that was written out",
  (listen) => {
    const open = `gateway: { listen: "${listen}" }\n`;
    expect(faultsOf(open)).toEqual([expect.stringMatching(/^twinspan\.yaml:1:20 {2}gateway\.listen: .*`auth: none`/)]);
    expect(faultsOf(`${open}auth: none\n`)).toEqual([]);
    const key = `{ name: a, roles: [invoke], hash: "sha256:${"0".repeat(64)}" }`;
    expect(faultsOf(`${open}auth: { keys: [${key}] }\n`)).toEqual([]);
  },
);

test("what is wrong with keys and workspaces is told with its place", () => {
  const hash = `sha256:${"0".repeat(64)}`;
  const other = `sha256:${"1".repeat(64)}`;
  const text = `
workspaces: [{ name: team }, { name: team }, { name: default }]
auth:
  keys:
    - { name: a, roles: [invoke], hash: "${hash}" }
    - { name: a, roles: [admin], hash: "${other}" }
    - { name: b, roles: [invoke], hash: "${hash}", workspace: missing }
    - { name: c, roles: [read], hash: "twinspan_key", expires: tomorrow }
`;
  expect(faultsOf(text)).toEqual([
    expect.stringMatching(/auth\.keys\[3\]\.hash: must be sha256: and 64 hex digits/),
    expect.stringMatching(/:8:26 {2}auth\.keys\[3\]\.roles\[0\]: must be one of `invoke`/),
    expect.stringMatching(/auth\.keys\[3\]\.expires: must be a time with its zone/),
    expect.stringMatching(/workspaces\[1\]\.name: "team" is there twice/),
    expect.stringMatching(/workspaces\[2\]\.name: "default" is always there/),
    expect.stringMatching(
      /auth\.keys\[2\]\.workspace: no workspace "missing" under workspaces \(have: default, team\)/,
    ),
    expect.stringMatching(/auth\.keys\[1\]\.name: "a" is there with other rights/),
    expect.stringMatching(/auth\.keys\[2\]\.hash: is another key's already/),
  ]);
  expect(faultsOf("auth: {}\n")).toEqual([expect.stringMatching(/:1:7 {2}auth: lets nobody in/)]);
  expect(faultsOf("auth: some\n")).toEqual([
    expect.stringMatching(/auth: must be settings by name, or the word `none`/),
  ]);
});
