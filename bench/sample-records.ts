import { randomBytes } from "node:crypto";
import { newSpanId, newTraceId } from "#lib/ids.ts";
import { AttemptReason, FinishReason, RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { Invocation, Outcome } from "../services/gateway/core/invocation.ts";
import { keptPayloadsOf } from "../services/gateway/core/kept-payloads.ts";
import { KEEP_ALL } from "../services/gateway/core/payload-policy.ts";
import { recordOf } from "../services/gateway/core/record.ts";

/** What a call of the benchmark takes, in nanoseconds. */
const CALL_NANOS = 900_000_000n;

/**
 * A record as the gateway ships it, of a call that happens at `startNanos`: a full trace and a mirror of two spans each,
 * and a payload of some 2 KB. Ids are new each time.
 */
export function sampleRecord(startNanos: bigint): Buffer {
  const invocation: Invocation = {
    traceId: newTraceId(),
    spanId: newSpanId(),
    startNanos,
    endpointId: "assistant",
    endpointName: "assistant",
    experiment: "gateway/assistant",
    requestType: RequestType.REQUEST_TYPE_OPENAI_CHAT,
    messageFormat: "openai",
    streaming: true,
    caller: {
      product: "openai-python/2.9.0",
      session: "session-1234",
      user: "user-5678",
      run: undefined,
      serverUrl: "twinspan.internal:8080",
      experiment: undefined,
    },
    callerSpan: { traceId: newTraceId(), spanId: newSpanId() },
    mirrorSpanId: newSpanId(),
  };
  const outcome = outcomeAt(startNanos);
  const { spans, payload } = recordOf(
    invocation,
    outcome,
    keptPayloadsOf(outcome, KEEP_ALL, () => ""),
  );
  return Buffer.concat([spans, payload]);
}

function outcomeAt(startNanos: bigint): Outcome {
  const endNanos = startNanos + CALL_NANOS;
  return {
    endNanos,
    failure: undefined,
    attempts: [
      {
        spanId: newSpanId(),
        mirrorSpanId: newSpanId(),
        index: 0,
        reason: AttemptReason.ATTEMPT_REASON_FIRST,
        provider: "openai",
        providerHost: "api.openai.com",
        providerPort: 443,
        requestModel: "gpt-5-mini",
        startNanos: startNanos + 1_000_000n,
        endNanos,
        httpStatus: 200,
        failure: undefined,
        inputs: undefined,
        answer: {
          responseId: `chatcmpl-${randomBytes(12).toString("base64url")}`,
          responseModel: "gpt-5-mini-2026-08-07",
          finishReasons: [FinishReason.FINISH_REASON_STOP],
          usage: { inputTokens: 412n, outputTokens: 96n, totalTokens: 508n, reasoningOutputTokens: 64n },
          usageIsPartial: false,
          firstTokenNanos: startNanos + 200_000_000n,
        },
        cost: { inputNanoUsd: 103_000n, outputNanoUsd: 192_000n, totalNanoUsd: 295_000n },
      },
    ],
    inputs: { bytes: messageOf("user", 1500), truncated: false },
    outputs: { bytes: messageOf("assistant", 600), truncated: false },
  };
}

/** A message that compresses about as text does. */
function messageOf(role: string, bytes: number): Buffer {
  const words =
    randomBytes(Math.floor(bytes / 2))
      .toString("hex")
      .match(/.{1,7}/g) ?? [];
  return Buffer.from(JSON.stringify({ model: "assistant", messages: [{ role, content: words.join(" ") }] }));
}
