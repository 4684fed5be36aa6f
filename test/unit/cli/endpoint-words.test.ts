import { expect, test } from "vitest";
import { parseConfig } from "#lib/config/load.ts";
import { endpointWordsOf } from "../../../cli/endpoint-words.ts";

test("an endpoint tells the variable it needs, unless one of its models or its callers do without", () => {
  const text = `
providers:
  unset: { kind: openai, apiKey: "\${NOT_THERE}" }
  signed: { kind: amazon-bedrock, region: us-east-1, accessKeyId: id, secretAccessKey: "\${SECRET_NOT_THERE}" }
  set: { kind: openai, apiKey: "\${THERE}" }
endpoints:
  - { name: good, models: [{ provider: set, model: m }] }
  - { name: bad, models: [{ provider: unset, model: m }], fallbacks: [{ provider: signed, model: m }] }
  - { name: half, models: [{ provider: unset, model: m }], fallbacks: [{ provider: set, model: m }] }
  - { name: theirs, credentials: caller, models: [{ provider: unset, model: m }] }
`;
  const config = parseConfig(text, "twinspan.yaml", { THERE: "sk" });
  expect(endpointWordsOf(config)).toBe("good, bad (needs NOT_THERE), half, theirs");
});
