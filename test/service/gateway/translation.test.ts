import { expect, test } from "vitest";
import { CALLER } from "../../helpers/gateway-client.ts";
import { startGatewayRun } from "../../helpers/start-gateway.ts";

const ANTHROPIC = {
  provider: (baseUrl: string) => ({
    kind: "anthropic",
    apiKey: "the-key",
    baseUrl: baseUrl.replace(/\/v1$/, "/anthropic/v1"),
  }),
};

test("a caller who speaks OpenAI's chat completions is answered by Anthropic, and both twins know what it said", async () => {
  await using run = await startGatewayRun({ endpoints: { claude: ANTHROPIC } });
  const told = await run.client.invoke({ model: "claude", headers: [CALLER.header] });
  expect(told.error).toBeUndefined();
  const answer = JSON.parse(told.body);
  expect(answer).toMatchObject({
    id: expect.stringMatching(/^msg_/),
    object: "chat.completion",
    choices: [{ message: { role: "assistant", content: "what is a twin span?" }, finish_reason: "stop" }],
    usage: { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 },
  });
  expect(told.summary?.usage).toMatchObject({ inputTokens: 5n, outputTokens: 5n, totalTokens: 10n });
  const [record] = await run.records(1);
  const [root, attempt] = record?.payloads ?? [];
  expect(JSON.parse(root?.inputs.toString() ?? "")).toMatchObject({ model: "claude" });
  expect(root?.outputs.toString()).toBe(told.body);
  expect(JSON.parse(attempt?.inputs.toString() ?? "")).toMatchObject({
    model: "claude-model",
    messages: [{ role: "user", content: [{ type: "text", text: "what is a twin span?" }] }],
  });
  expect(record?.mirror?.spans).toHaveLength(2);
});

test("so is one who wants a stream, chunk by chunk", async () => {
  await using run = await startGatewayRun({ endpoints: { claude: ANTHROPIC } });
  const also = { stream_options: { include_usage: true } };
  const told = await run.client.stream({ model: "claude", stream: true, also });
  const events = told.body.trim().split("\n\n");
  expect(events.at(-1)).toBe("data: [DONE]");
  const chunks = events.slice(0, -1).map((event) => JSON.parse(event.replace("data: ", "")));
  expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe("what is a twin span?");
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 5 } });
  expect(told.summary?.usage).toMatchObject({ inputTokens: 5n, outputTokens: 5n, totalTokens: 10n });
});
