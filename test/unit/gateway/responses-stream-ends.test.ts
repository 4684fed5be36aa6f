import { expect, test } from "vitest";
import { ServiceError } from "#lib/service-error.ts";
import { FinishReason } from "#proto/twinspan/trace/v1/mirror.ts";
import { ProviderError } from "../../../services/gateway/core/provider-error.ts";
import { openAiResponses } from "../../../services/gateway/dialects/openai-responses/openai-responses.ts";
import {
  CALL,
  completed,
  created,
  ended,
  eventOf,
  HEAD,
  MESSAGE,
  tapOf,
  text,
  USAGE,
  watchText,
} from "./responses-events.ts";

test.each([
  ["completed", { output: [MESSAGE] }, [FinishReason.FINISH_REASON_STOP]],
  ["completed", { output: [MESSAGE, CALL] }, [FinishReason.FINISH_REASON_TOOL_CALLS]],
  ["completed", { output: [{ ...CALL, type: "web_search_call" }] }, [FinishReason.FINISH_REASON_STOP]],
  [
    "completed",
    {
      output: [
        { type: "shell_call", call_id: "s" },
        { type: "shell_call_output", call_id: "s" },
      ],
    },
    [FinishReason.FINISH_REASON_STOP],
  ],
  ["incomplete", { incomplete_details: { reason: "max_output_tokens" } }, [FinishReason.FINISH_REASON_LENGTH]],
  ["incomplete", { incomplete_details: { reason: "content_filter" } }, [FinishReason.FINISH_REASON_CONTENT_FILTER]],
  ["incomplete", { incomplete_details: null }, [FinishReason.FINISH_REASON_OTHER]],
  ["queued", {}, []],
  ["cancelled", {}, []],
])("a response that is %s (%j) ended for the reasons %j", (status, also, reasons) => {
  const body = Buffer.from(JSON.stringify({ ...HEAD, status, output: [], usage: USAGE, ...also }));
  expect(openAiResponses.readAnswer(body)).toMatchObject({ finishReasons: reasons, usage: { totalTokens: 14n } });
  const { end, facts } = watchText(created + ended(status, { output: [], ...also }));
  if (status === "completed" || status === "incomplete") expect(end).toBe(ended(status, { output: [], ...also }));
  expect(facts.finishReasons).toEqual(reasons);
});

test.each([
  [
    "response.failed",
    { response: { ...HEAD, status: "failed", error: { code: "rate_limit_exceeded", message: "secret" } } },
    "provider_rate_limited",
  ],
  [
    "response.failed",
    { response: { ...HEAD, status: "failed", error: { code: "server_error", message: "secret" } } },
    "provider_unavailable",
  ],
  [
    "response.failed",
    { response: { ...HEAD, status: "failed", error: { code: "invalid_prompt", message: "secret" } } },
    "provider_rejected",
  ],
  ["response.failed", { response: { ...HEAD, status: "failed", reason: "secret" } }, "provider_unavailable"],
  ["error", { code: "server_error", message: "secret", param: null }, "provider_unavailable"],
  ["error", { error: { type: "invalid_request_error", code: null, message: "secret" } }, "provider_rejected"],
])("a provider's %s (%j) goes to the caller as it came: %s", (type, fields, kind) => {
  const event = eventOf(type, fields);
  const tap = tapOf();
  expect(tap.push(Buffer.from(created + text("one") + event + completed), 1n).toString()).toBe(created + text("one"));
  expect(tap.isOver).toBe(true);
  try {
    tap.end();
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(ProviderError);
    expect(error).toMatchObject({ event: Buffer.from(event), kind, text: expect.stringContaining("secret") });
    expect(String(error)).not.toContain("secret");
  }
  const answer = JSON.parse(tap.reduced()?.bytes.toString() ?? "");
  expect(answer.output[0].content[0].text).toBe("one");
});

test("what concerns a key of ours does not go to the caller", () => {
  const event = eventOf("error", { code: "invalid_api_key", message: "sk-secret" });
  const tap = tapOf();
  tap.push(Buffer.from(event), 1n);
  expect(() => tap.end()).toThrow(expect.objectContaining({ kind: "provider_auth", event: undefined }));
});

test("a failure of ours is told in the next event, for every SDK", () => {
  const tap = tapOf();
  tap.push(Buffer.from(created), 1n);
  const told = tap.errorEvent(new ServiceError("provider_timeout", "too slow"))?.toString() ?? "";
  expect(told).toMatch(/^event: error\ndata: .*\n\n$/);
  expect(JSON.parse(told.slice(told.indexOf("{")))).toEqual({
    type: "error",
    sequence_number: 4,
    code: "provider_timeout",
    message: "too slow",
    param: null,
    error: { type: "server_error", code: "provider_timeout", message: "too slow", param: null },
  });
});
