import { afterAll, beforeAll, expect, test } from "vitest";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { errorInfoOf } from "../../callers/told.ts";
import { providerOfKind } from "../../neighbours/kind-facts.ts";
import { type GatewayRun, startGatewayRun } from "../../system/start-gateway.ts";

const KINDS = ["gemini", "amazon-bedrock", "google-vertex", "mistral", "cohere"] as const;
/** The kinds whose answers tell how many tokens they took. */
const TELLS_USAGE: readonly string[] = ["gemini", "amazon-bedrock", "google-vertex", "mistral", "cohere"];

let run: GatewayRun;
beforeAll(async () => {
  const endpoints = Object.fromEntries(
    KINDS.map((kind) => [kind, { provider: (url: string) => providerOfKind(kind, url) }]),
  );
  run = await startGatewayRun({ endpoints });
});
afterAll(() => run[Symbol.asyncDispose]());

function ask(model: string, also: object) {
  const body = JSON.stringify({ model, input: ["one two three", "four"], ...also });
  return run.client.invoke({ model, body, invocation: { dialect: Dialect.DIALECT_OPENAI_EMBEDDINGS } });
}

for (const kind of KINDS) {
  test(`${kind} embeds for a caller of OpenAI's, as numbers and packed`, async () => {
    const told = await ask(kind, {});
    expect(told.error).toBeUndefined();
    const { data, object, usage } = JSON.parse(told.body);
    expect(object).toBe("list");
    expect(data).toMatchObject([{ index: 0 }, { index: 1 }]);
    expect(data[0].embedding.length).toBeGreaterThan(1);
    const tokens = TELLS_USAGE.includes(kind) ? 4n : undefined;
    expect(told.summary?.usage?.inputTokens).toBe(tokens);
    expect(usage.prompt_tokens).toBe(Number(tokens ?? 0n));
    const packed = JSON.parse((await ask(kind, { encoding_format: "base64" })).body);
    const bytes = Buffer.from(packed.data[0].embedding, "base64");
    expect(bytes.length).toBe(data[0].embedding.length * 4);
    expect(bytes.readFloatLE(0)).toBeCloseTo(data[0].embedding[0], 5);
  });

  test(`${kind} embeds in as few numbers as are asked for, or that is refused`, async () => {
    const told = await ask(kind, { dimensions: 256 });
    if (told.error === undefined) expect(JSON.parse(told.body).data[0].embedding).toHaveLength(256);
    else expect(errorInfoOf(told).reason).toBe("UNTRANSLATABLE");
  });
}

for (const kind of KINDS.slice(1)) {
  test(`${kind} embeds for a caller of Gemini's, one text or many`, async () => {
    const content = (text: string) => ({ content: { parts: [{ text }] } });
    const single = await run.client.invoke({
      model: kind,
      body: JSON.stringify(content("one two three")),
      invocation: { dialect: Dialect.DIALECT_GEMINI_EMBED_CONTENT, endpoint: kind },
    });
    expect(single.error).toBeUndefined();
    expect(JSON.parse(single.body).embedding.values.length).toBeGreaterThan(1);
    expect(single.summary?.usage?.inputTokens).toBe(3n);
    const many = await run.client.invoke({
      model: kind,
      body: JSON.stringify({ requests: [content("one two three"), content("four")] }),
      invocation: { dialect: Dialect.DIALECT_GEMINI_BATCH_EMBED_CONTENTS, endpoint: kind },
    });
    expect(many.error).toBeUndefined();
    expect(JSON.parse(many.body).embeddings).toHaveLength(2);
    expect(many.summary?.usage?.inputTokens).toBe(4n);
  });
}

test("whom a caller asks for is left out where the provider has no word for it: it changes no answer", async () => {
  expect((await ask("mistral", { user: "u-1" })).error).toBeUndefined();
});

test("tokens of OpenAI's are no text for others", async () => {
  const told = await ask("mistral", { input: [[1, 2, 3]] });
  expect(told.error?.details).toContain("`input` cannot be translated");
});
