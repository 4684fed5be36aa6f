import { type ServiceError as RpcError, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Prompt } from "#proto/twinspan/inference/v1/prompt.ts";
import { createInferenceClient, type InferenceCaller } from "../../callers/inference-client.ts";
import { promptOf, user, weather } from "../../callers/prompts.ts";
import { faultyFieldOf } from "../../callers/told.ts";
import { type GatewayRun, startGatewayRun } from "../../system/start-gateway.ts";
import { recordOfCall } from "../../traces/record-view.ts";

let run: GatewayRun;
let client: InferenceCaller;

beforeAll(async () => {
  run = await startGatewayRun({
    endpoints: { echo: {} },
  });
  client = createInferenceClient(run.gateway.address);
});
afterAll(async () => {
  client[Symbol.dispose]();
  await run[Symbol.asyncDispose]();
});

const fieldOf = (error: RpcError | undefined) => faultyFieldOf({ error });

test("a prompt that breaks its contract is refused by the field, and leaves a light trace", async () => {
  const part = (mediaType: string) => ({
    part: {
      $case: "image" as const,
      value: { source: { $case: "data" as const, value: Buffer.from("x") }, mediaType, detail: 0 as const },
    },
  });
  const faults: readonly (readonly [field: string, prompt: Prompt | undefined])[] = [
    ["prompt", undefined],
    ["prompt.messages", promptOf([])],
    ["prompt.messages[0]", promptOf([{ message: undefined }])],
    ["prompt.messages[0].user.parts", promptOf([{ message: { $case: "user", value: { parts: [] } } }])],
    [
      "prompt.messages[1].user.parts[0].image.media_type",
      promptOf([user("x"), { message: { $case: "user", value: { parts: [part("text/html")] } } }]),
    ],
    ["prompt.tools[0].name", promptOf([user("x")], { tools: [{ ...weather, name: "no spaces" }] })],
    ["prompt.tools[1].name", promptOf([user("x")], { tools: [weather, weather] })],
    ["prompt.tools[0].parameters_json", promptOf([user("x")], { tools: [{ ...weather, parametersJson: "[" }] })],
    ["prompt.tool_choice", promptOf([user("x")], { toolChoice: { choice: { $case: "tool", value: "weather" } } })],
    [
      "prompt.sampling.temperature",
      promptOf([user("x")], {
        sampling: {
          temperature: 3,
          maxOutputTokens: undefined,
          topP: undefined,
          seed: undefined,
          frequencyPenalty: undefined,
          presencePenalty: undefined,
          stop: [],
        },
      }),
    ],
  ];
  for (const [field, prompt] of faults) {
    const { error, metadata } = await client.chat({ endpoint: "echo", prompt });
    expect([field, error?.code, fieldOf(error)]).toEqual([field, status.INVALID_ARGUMENT, field]);
    const { root, attempts } = await recordOfCall(run, { metadata });
    expect(root).toMatchObject({ errorType: "invalid_request", inputs: "", outputs: "" });
    expect(attempts).toEqual([]);
  }
  const unknown = await client.chat({ endpoint: "nobody", prompt: promptOf([user("x")]) });
  expect(unknown.error?.code).toBe(status.NOT_FOUND);
  expect(fieldOf(unknown.error)).toBe("endpoint");
  const unnamed = await client.embed({ endpoint: "", texts: ["x"], dimensions: undefined });
  expect(fieldOf(unnamed.error)).toBe("endpoint");
  const empty = await client.embed({ endpoint: "echo", texts: ["x", ""], dimensions: undefined });
  expect(fieldOf(empty.error)).toBe("texts[1]");
});
