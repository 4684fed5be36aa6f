import { expect, test } from "vitest";
import { loadConfig, parseConfig } from "#lib/config/load.ts";
import { faultsOf, GOOD } from "./config-faults.ts";

test("an empty file is a configuration: every setting has its default", () => {
  for (const text of ["", "# nothing\n", "{}"]) {
    const config = parseConfig(text, "twinspan.yaml", {});
    expect(config.gateway.listen).toBe("127.0.0.1:7001");
    expect(config.gateway.outbox).toMatchObject({ commitWaitMs: 50, durability: "process" });
    expect(config.endpoints).toEqual([]);
  }
});

test("all faults are told at once, each with its line, column and setting", () => {
  const text = `gateway:
  listen: nowhere
  outbox:
    bytesMax: 10
endpoints:
  - name: a b
    models: []
  - name: x
    models: [{ provider: bedrock, model: m }]
`;
  const faults = faultsOf(text);
  expect(faults).toContain("twinspan.yaml:2:11  gateway.listen: must be host:port, such as 127.0.0.1:8080");
  expect(faults.some((fault) => fault.startsWith("twinspan.yaml:4:15  gateway.outbox.bytesMax: "))).toBe(true);
  expect(faults.some((fault) => fault.startsWith("twinspan.yaml:6:11  endpoints[0].name: must be 1 to 128"))).toBe(
    true,
  );
  expect(faults.some((fault) => fault.startsWith("twinspan.yaml:7:13  endpoints[0].models: "))).toBe(true);
});

test("a setting that does not exist is told at its own line", () => {
  const faults = faultsOf("gateway:\n  listen: 127.0.0.1:0\n  lissten: 127.0.0.1:0\n");
  expect(faults).toEqual([
    'twinspan.yaml:3:12  gateway: there is no setting "lissten" here. docs/configuration.md has all there are.',
  ]);
});

test.each([
  ["log: { level: loud }", "log.level: must be one of `debug`, `info`, `warn`, `error`, `silent`"],
  ["ingress: { listen: 8080 }", "ingress.listen: must be host:port, such as 127.0.0.1:8080"],
  ["gateway: { drainMs: 10s }", "gateway.drainMs: must be a number"],
  ["gateway: { drainMs: 1.5 }", "gateway.drainMs: must be a whole number"],
  ["gateway: { outbox: { bytesMax: 12 } }", "gateway.outbox.bytesMax: must be at least 1024"],
  ["gateway: { outbox: { path: '' } }", "gateway.outbox.path: must not be empty"],
  [
    "providers: { a: { baseUrl: api.openai.com } }",
    "providers.a.baseUrl: must be an address, such as https://api.openai.com/v1",
  ],
  ["endpoints: { a: {} }", "endpoints: must be a list"],
  ["endpoints: [{ models: [] }]", "endpoints[0].name: is missing. It must be a text."],
])("a fault says what the setting must be: %s", (text, told) => {
  expect(faultsOf(text).join("\n")).toContain(`  ${told}`);
});

test.each([
  ["a: [1", "twinspan.yaml:1:"],
  ["gateway: {}\ngateway: {}\n", "twinspan.yaml:2:1  Map keys must be unique"],
  ["\nlog: *nowhere\n", "twinspan.yaml:2:6  Unresolved alias"],
  ["--- {}\n--- {}\n", "twinspan.yaml:2:"],
  ["just text", "twinspan.yaml:1:1  "],
  ["- list", "twinspan.yaml:1:1  "],
])("what is no YAML of ours is a fault with a place: %j", (text, beginning) => {
  expect(faultsOf(text)[0]).toMatch(new RegExp(`^${RegExp.escape(beginning)}`));
});

test("an alias bomb is a fault, not a hang", () => {
  const levels = "abcdefgh".split("").map((name, index, names) => {
    const before = names[index - 1];
    return `${name}: &${name} [${Array(9)
      .fill(before === undefined ? "x" : `*${before}`)
      .join(",")}]`;
  });
  expect(faultsOf(levels.join("\n"))[0]).toMatch(/^twinspan\.yaml:1:1 {2}/);
});

test("variables are replaced, with their defaults, as numbers where a number is asked for", () => {
  const text = 'gateway:\n  listen: "${HOST}:${PORT:-7001}"\n  drainMs: ${DRAIN:-1234}\n';
  expect(parseConfig(text, "f", { HOST: "127.0.0.2" }).gateway).toMatchObject({
    listen: "127.0.0.2:7001",
    drainMs: 1234,
  });
  expect(faultsOf(text)).toEqual([
    "twinspan.yaml:2:11  the environment variable HOST is not set. Set it, or write ${HOST:-a default}.",
  ]);
  expect(faultsOf(text, { HOST: "" })).toHaveLength(1);
});

test("an API key whose variable is unset stays the reference; one of digits stays a text", () => {
  expect(parseConfig(GOOD, "f", {}).providers["openai"]?.apiKey).toBe("${OPENAI_API_KEY}");
  expect(parseConfig(GOOD, "f", { OPENAI_API_KEY: "12345" }).providers["openai"]?.apiKey).toBe("12345");
});

test("a secret is never quoted in a fault", () => {
  const text = GOOD.replace("gpt-5-mini", "${OPENAI_API_KEY}");
  expect(faultsOf(text, { OPENAI_API_KEY: "s e c r e t" }).join()).not.toContain("s e c r e t");
});

test("a file that is not there is told with how to name another", () => {
  expect(() => loadConfig("no-such.yaml", {})).toThrow(
    "no-such.yaml cannot be read (ENOENT). Name the configuration in",
  );
});
