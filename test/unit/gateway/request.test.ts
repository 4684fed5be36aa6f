import fc from "fast-check";
import { expect, test } from "vitest";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { readRequest } from "../../../services/gateway/dialects/openai-chat/request.ts";

/** The body as a request that names its endpoint nowhere else. */
const read = (body: string, endpoint = "") =>
  readRequest({
    dialect: Dialect.DIALECT_OPENAI_CHAT,
    endpoint,
    body: Buffer.from(body),
    target: undefined,
    headers: [],
    credentials: [],
  });

const gap = fc.constantFrom("", " ", "\n\t");
const other = fc.tuple(
  fc.constantFrom("messages", "temperature", "tools", "n", "modelx", "x"),
  fc.oneof(
    fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)),
    fc.constantFrom("1e400", "0.10", "12345678901234567890"),
  ),
);
const options = fc.constantFrom(
  undefined,
  "null",
  "{}",
  '{"include_usage":false}',
  '{ "include_usage" : null, "big": 12345678901234567890 }',
  '{"big":12345678901234567890,"include_obfuscation":false}',
);

/** A request as text with `@MODEL@` in the place of the model. */
const request = fc
  .tuple(fc.uniqueArray(other, { selector: ([name]) => name, maxLength: 4 }), options, gap, fc.nat(6), fc.nat(6))
  .map(([others, streamOptions, space, modelAt, optionsAt]) => {
    const members = others.map(([name, value]) => `${space}"${name}":${space}${value}`);
    members.splice(modelAt, 0, `"model"${space}:@MODEL@${space}`, '"stream":true');
    if (streamOptions !== undefined) members.splice(optionsAt, 0, `"stream_options":${streamOptions}`);
    return `${space}{${members.join(",")}}${space}`;
  });

test("for a provider only the model changes; all other bytes are the caller's", () => {
  fc.assert(
    fc.property(request, fc.stringMatching(/^[!-~]{1,20}$/), (template, model) => {
      const sent = read(template.replace("@MODEL@", '"caller\\u0027s"'));
      expect(sent).toMatchObject({ endpointName: "caller's", streaming: true, fault: undefined });
      const expected = template.replace("@MODEL@", () => JSON.stringify(model));
      expect(sent.relayed(model, false).body.toString()).toBe(expected);
    }),
    { numRuns: 500 },
  );
});

test("asking for usage adds one member, and takes nothing away", () => {
  fc.assert(
    fc.property(request, (template) => {
      const body = template.replace("@MODEL@", '"m"');
      const asked = read(body).relayed("m", true).body.toString();
      const [before, after] = [JSON.parse(body), JSON.parse(asked)];
      expect(after).toEqual({ ...before, stream_options: { ...before.stream_options, include_usage: true } });
      expect(read(asked).relayed("m", true).addsUsage).toBe(false);
      // What JavaScript's numbers cannot hold is still there, digit for digit.
      expect(asked.match(/12345678901234567890|1e400|0\.10/g)).toEqual(body.match(/12345678901234567890|1e400|0\.10/g));
    }),
    { numRuns: 500 },
  );
});

test("options nested a million deep are passed on as they are", () => {
  const deep = `${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}`;
  const sent = read(`{"model":"m","stream":true,"stream_options":{"deep":${deep}}}`);
  expect(sent.relayed("m", true).body.length).toBeGreaterThan(2_000_000);
});

test.each([
  ['{"messages":[]}', undefined, "model"],
  ['{"model":""}', "", "model"],
  ['{"model":7}', undefined, "model"],
  ['{"model":"demo","stream":"yes"}', "demo", "stream"],
  ['{"model":"demo","stream":tru}', "demo", "stream"],
  ['{"model":"demo","stream_options":[]}', "demo", "stream_options"],
  ['{"model":"demo","stream_options":{]}}', "demo", undefined],
  ['{"model":"demo","messages":[', "demo", undefined],
  ['{"model":"demo","model":"other"}', "demo", undefined],
  ["", undefined, undefined],
  ["\u0000", undefined, undefined],
])("%j is refused, with the endpoint it names and the field at fault", (body, endpointName, field) => {
  const { fault, ...rest } = read(body);
  expect(rest).toMatchObject({ endpointName, streaming: false });
  expect(fault?.kind).toBe("invalid_request");
  expect(fault?.field).toBe(field);
});

test("a model's name is at most 128 characters, and a fault quotes nothing of the body", () => {
  expect(read(`{"model":"${"m".repeat(129)}"}`).endpointName).toBeUndefined();
  for (const body of ['{"model":"demo","canary":', '{"model":"demo"} canary', '{"canary":1}']) {
    expect(read(body).fault?.message).not.toContain("canary");
  }
});

test("an endpoint that is named beside the body needs no model in it, and the provider's is put in front", () => {
  const { endpointName, fault, relayed } = read('{"messages":[]}', "demo");
  expect({ endpointName, fault }).toEqual({ endpointName: "demo", fault: undefined });
  expect(relayed("m", false).body.toString()).toBe('{"model":"m","messages":[]}');
});
