import { expect, test } from "vitest";
import { errorWordOf } from "#lib/spans/words.ts";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";
import { CALLER } from "../../callers/gateway-client.ts";
import { errorInfoOf } from "../../callers/told.ts";
import { ANTHROPIC, endpointOf } from "../../neighbours/vendor-endpoints.ts";
import { startGatewayRun } from "../../system/start-gateway.ts";
import { canariesAmong, newCanary, textOf } from "../../traces/canaries.ts";
import { recordOfCall } from "../../traces/record-view.ts";

test("the full trace has the request as it was asked and as the provider was asked, and the answer as the caller got it", async () => {
  await using run = await startGatewayRun({ endpoints: { claude: ANTHROPIC } });
  const told = await run.client.invoke({ model: "claude", headers: [CALLER.header] });
  expect(JSON.parse(told.body)).toMatchObject({ id: expect.stringMatching(/^msg_/), object: "chat.completion" });
  const { root, attempts, record } = await recordOfCall(run, told);
  expect(JSON.parse(root.inputs)).toMatchObject({ model: "claude" });
  expect(root.outputs).toBe(told.body);
  const [received] = run.provider.requests;
  expect(attempts[0]?.inputs).toBe(received?.body);
  expect(JSON.parse(received?.body ?? "")).toMatchObject({ model: "claude-model", max_tokens: expect.any(Number) });
  // The caller's own span and the mirror name the same answer.
  expect(attempts[0]?.attributes["gen_ai.response.id"]).toBe(JSON.parse(told.body).id);
  expect(record.mirror?.spans[1]?.responseId).toBe(JSON.parse(told.body).id);
});

test("what the provider has no word for is refused by its name before anything is sent", async () => {
  await using run = await startGatewayRun({ endpoints: { claude: ANTHROPIC } });
  for (const also of [{ seed: 7 }, { response_format: { type: "json_object" } }, { presence_penalty: 1 }]) {
    const [field] = Object.keys(also);
    const told = await run.client.invoke({ model: "claude", also });
    expect(errorInfoOf(told).reason).toBe("UNTRANSLATABLE");
    expect(told.error?.details).toContain(`\`${field}\` cannot be translated`);
  }
  const told = await run.client.stream({ model: "claude", stream: true, also: { seed: 7 } });
  expect(errorInfoOf(told).reason).toBe("UNTRANSLATABLE");
  expect(run.provider.requests).toEqual([]);
});

test("a model that speaks the caller's format takes over what another has no word for", async () => {
  await using run = await startGatewayRun({
    endpoints: { mixed: { ...ANTHROPIC, fallback: { answer: "from OpenAI" } } },
  });
  const told = await run.client.invoke({ model: "mixed", also: { seed: 7 } });
  expect(told.body).toContain("from OpenAI");
  expect(run.provider.requests.map(({ path }) => path)).toEqual(["/v1/chat/completions"]);
  const { attempts } = await recordOfCall(run, told);
  expect(attempts.map(({ errorType }) => errorType)).toEqual(["invalid_request", undefined]);
});

test("an image at an address goes to a provider that fetches it, and is refused for one that does not", async () => {
  await using run = await startGatewayRun({
    endpoints: { claude: ANTHROPIC, nova: endpointOf("amazon-bedrock", { region: "us-east-1" }) },
  });
  const image = { type: "image_url", image_url: { url: "https://images.example/a.png" } };
  const also = { messages: [{ role: "user", content: [{ type: "text", text: "look" }, image] }] };
  expect((await run.client.invoke({ model: "claude", also })).error).toBeUndefined();
  expect(run.provider.requests[0]?.body).toContain("https://images.example/a.png");
  const told = await run.client.invoke({ model: "nova", also });
  expect(told.error?.details).toContain("`messages[0].content[1].image_url.url` cannot be translated");
  expect(run.provider.requests).toHaveLength(1);
});

test("what counts tokens, compacts or goes raw has no translation, and says who could", async () => {
  await using run = await startGatewayRun({ endpoints: { claude: ANTHROPIC, gpt: endpointOf("openai") } });
  const asked = [
    ["claude", Dialect.DIALECT_OPENAI_RESPONSES_COMPACT, { input: "x" }, "openai-responses-compact"],
    ["gpt", Dialect.DIALECT_ANTHROPIC_COUNT_TOKENS, { messages: [] }, "anthropic-count-tokens"],
  ] as const;
  for (const [model, dialect, rest, format] of asked) {
    const body = JSON.stringify({ model, ...rest });
    const told = await run.client.invoke({ model, body, invocation: { dialect } });
    expect(errorInfoOf(told).reason).toBe("UNTRANSLATABLE");
    expect(told.error?.details).toContain(format);
    expect(told.error?.details).toMatch(/kind \w+/);
  }
  expect(run.provider.requests).toEqual([]);
});

test("a caller who hangs up ends the provider's answer too", async () => {
  await using run = await startGatewayRun({
    endpoints: { claude: { ...ANTHROPIC, behaviour: { chunkDelayMs: 20, chunks: 1_000 } } },
  });
  const told = await run.client.stream({ model: "claude", stream: true, hangUpAfter: 2, headers: [CALLER.header] });
  const { mirrorErrorTypes } = await recordOfCall(run, told);
  expect(mirrorErrorTypes).toEqual(["cancelled", "cancelled"]);
  await expect.poll(() => run.provider.requests[0]?.aborted).toBe(true);
});

test("a stream that breaks off is billed for what the provider had counted by then", async () => {
  const behaviour = { cutAfterChunks: 5, usage: { cachedInput: 7 } };
  await using run = await startGatewayRun({
    endpoints: { claude: { ...ANTHROPIC, behaviour }, gemini: { ...endpointOf("gemini"), behaviour } },
  });
  for (const model of ["claude", "gemini"]) {
    const told = await run.client.stream({ model, stream: true });
    expect(told.summary).toMatchObject({
      errorType: ErrorType.ERROR_TYPE_PROVIDER_PROTOCOL,
      usage: { inputTokens: 12n, cacheReadInputTokens: 7n },
    });
  }
});

test("an answer that is too large is not held", async () => {
  await using run = await startGatewayRun({
    endpoints: { claude: { ...ANTHROPIC, behaviour: { answerBytes: 300_000 } } },
    limits: { answerBytesMax: 100_000 },
  });
  const told = await run.client.invoke({ model: "claude" });
  expect(errorInfoOf(told).reason).toBe("PROVIDER_PROTOCOL");
  expect(told.error?.details).toContain("limits.answerBytesMax");
  // In a stream no more than a chunk is held.
  const streamed = await run.client.stream({ model: "claude", stream: true });
  expect(streamed.error).toBeUndefined();
  expect(streamed.body.length).toBeGreaterThan(300_000);
});

test("what a provider tells at the very beginning of a stream is a refusal, and another model takes over", async () => {
  const overloaded = { ...ANTHROPIC, behaviour: { errorAfterChunks: 0 } };
  await using run = await startGatewayRun({
    endpoints: { alone: overloaded, helped: { ...overloaded, fallback: { answer: "from OpenAI" } } },
  });
  const alone = await run.client.stream({ model: "alone", stream: true });
  expect(alone.summary === undefined ? errorInfoOf(alone).reason : errorWordOf(alone.summary.errorType)).toMatch(
    /provider_unavailable/i,
  );
  const helped = await run.client.stream({ model: "helped", stream: true });
  expect(helped.body).toContain("from");
});

test("what is said in a translation is in the full trace's payload, and nowhere else", async () => {
  const canary = newCanary();
  const behaviours = {
    echo: {},
    calls: { toolCall: { name: canary, arguments: JSON.stringify({ q: canary }) } },
    refuses: { status: 400, body: JSON.stringify({ type: "error", error: { type: "x", message: canary } }) },
    garbage: { body: canary },
    fails: { errorAfterChunks: 4, answer: canary },
    cut: { cutAfterChunks: 4, answer: `${canary} ${canary}` },
  };
  const endpoints = Object.fromEntries(
    Object.entries(behaviours).flatMap(([name, behaviour]) =>
      (["anthropic", "gemini", "cohere"] as const).map((kind) => [
        `${name}-${kind}`,
        { ...endpointOf(kind), behaviour },
      ]),
    ),
  );
  await using run = await startGatewayRun({ endpoints });
  const call = { id: canary, type: "function", function: { name: canary, arguments: JSON.stringify({ q: canary }) } };
  const asked = [
    {
      messages: [
        { role: "user", content: canary },
        { role: "assistant", tool_calls: [call] },
        { role: "tool", tool_call_id: canary, content: canary },
        {
          role: "user",
          content: [
            { type: "text", text: canary },
            { type: "file", file: { file_data: `data:text/${canary};base64,aGk=` } },
          ],
        },
      ],
      tools: [{ type: "function", function: { name: canary, description: canary, parameters: { type: "object" } } }],
    },
    { messages: [{ role: "user", content: canary }], [`${canary}!`]: canary },
    { messages: [{ role: "user", content: canary }], response_format: { type: canary } },
  ];
  for (const model of Object.keys(endpoints)) {
    for (const also of asked) {
      for (const stream of [false, true]) {
        const told = await run.client.stream({ model, stream, also, headers: [CALLER.header] });
        const { record } = await recordOfCall(run, told);
        const besides = [
          { ...record, payloads: [] },
          told.metadata.toJSON(),
          told.trailers.toJSON(),
          told.error?.message,
        ];
        expect(canariesAmong([canary], textOf([besides, told.summary, run.logged]))).toEqual([]);
      }
    }
  }
  expect(canariesAmong([canary], textOf([...(await run.metrics()).keys()]))).toEqual([]);
});
