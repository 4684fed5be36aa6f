import { AttemptReason, FinishReason, RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { Attempt, Outcome, RecordedInvocation } from "../../../services/gateway/core/invocation.ts";
import type { KeptPayload, KeptPayloads } from "../../../services/gateway/core/payload/kept-payloads.ts";
import { type Kept, NOTHING_KEPT } from "../../../services/gateway/core/payload/payload-policy.ts";

/** A call that has ended, and what is kept of its payload. */
export interface SampleCall {
  readonly invocation: RecordedInvocation;
  readonly outcome: Outcome;
  readonly kept: KeptPayloads;
}

const START = 1_780_000_000_000_000_000n;
const of = (digit: string, bytes: number) => digit.repeat(bytes * 2);
const keptAs = (text: string): Kept => ({ ...NOTHING_KEPT, bytes: Buffer.from(text) });
const payloadOf = (kept: Partial<KeptPayload>): KeptPayload => ({
  inputs: NOTHING_KEPT,
  outputs: NOTHING_KEPT,
  errorText: NOTHING_KEPT,
  ...kept,
});

/** All that can be known of a call: its first attempt failed, the second answered in a stream, both twins are written. */
const EVERYTHING: SampleCall = {
  invocation: {
    traceId: of("a", 16),
    spanId: of("b", 8),
    startNanos: START,
    endpointId: "ep-1",
    endpointName: "chat",
    experiment: "gateway/chat",
    workspace: "team-a",
    callerWorkspace: "team-b",
    username: "alice",
    callerKey: "key-1",
    requestType: RequestType.REQUEST_TYPE_OPENAI_CHAT,
    messageFormat: "openai",
    streaming: true,
    caller: {
      product: "agent",
      session: "session 1",
      user: "user é",
      run: "run-1",
      serverUrl: "gateway.example:8080",
      experiment: { ref: { $case: "name", value: "mine" } },
    },
    callerSpan: { traceId: of("c", 16), spanId: of("d", 8) },
    mirrorSpanId: of("e", 8),
  },
  outcome: {
    endNanos: START + 5_000_000_001n,
    failure: undefined,
    attempts: [
      attempt({
        spanId: of("1", 8),
        mirrorSpanId: of("2", 8),
        failure: { kind: "provider_rate_limited", text: "slow" },
      }),
      attempt({
        spanId: of("3", 8),
        mirrorSpanId: of("4", 8),
        index: 1,
        reason: AttemptReason.ATTEMPT_REASON_FALLBACK,
        startNanos: START + 20_000_000n,
        endNanos: START + 5_000_000_000n,
        httpStatus: 200,
        answer: {
          responseId: "chatcmpl-1",
          responseModel: "echo-1-2026",
          finishReasons: [FinishReason.FINISH_REASON_STOP, FinishReason.FINISH_REASON_OTHER],
          usage: {
            inputTokens: 12n,
            outputTokens: 20n,
            cacheReadInputTokens: 3n,
            cacheWriteInputTokens: 4n,
            reasoningOutputTokens: 5n,
            audioInputTokens: 6n,
            audioOutputTokens: 0n,
            estimated: true,
          },
          usageIsPartial: false,
          firstTokenNanos: START + 123_456_789n,
        },
        cost: { inputNanoUsd: 1_200n, outputNanoUsd: 8_000n, totalNanoUsd: 9_300n, priceVersion: "configuration" },
      }),
    ],
    passedOver: ["other/model-1", "other/model-2"],
    waitedNanos: 7n,
    inputs: undefined,
    outputs: undefined,
  },
  kept: {
    keep: "preview",
    root: payloadOf({ inputs: { ...keptAs("asked"), redactions: 2, truncated: true }, outputs: keptAs("answered") }),
    attempts: [
      payloadOf({
        errorText: { ...NOTHING_KEPT, withheld: "not_json" },
        inputs: { ...NOTHING_KEPT, withheld: "failed" },
      }),
      payloadOf({}),
    ],
  },
};

/** A call without a caller's context, whose answer says nothing of itself. */
const HARDLY_ANYTHING: SampleCall = {
  invocation: {
    ...EVERYTHING.invocation,
    callerWorkspace: "team-a",
    username: undefined,
    callerKey: undefined,
    requestType: RequestType.REQUEST_TYPE_RAW,
    messageFormat: undefined,
    streaming: false,
    caller: {
      product: undefined,
      session: undefined,
      user: undefined,
      run: undefined,
      serverUrl: undefined,
      experiment: undefined,
    },
    callerSpan: undefined,
    mirrorSpanId: undefined,
  },
  outcome: {
    endNanos: START,
    failure: undefined,
    attempts: [attempt({ endNanos: START, httpStatus: 0 })],
    inputs: undefined,
    outputs: undefined,
  },
  kept: { keep: "full", root: payloadOf({}), attempts: [payloadOf({})] },
};

/** A call that was refused: no provider was asked, and the caller's context asks for no mirror. */
const REFUSED: SampleCall = {
  invocation: { ...EVERYTHING.invocation, mirrorSpanId: undefined },
  outcome: {
    endNanos: START + 1n,
    failure: { kind: "rate_limited", text: "no", isOurs: true },
    attempts: [],
    inputs: undefined,
    outputs: undefined,
  },
  kept: { keep: "none", root: payloadOf({ errorText: keptAs("no") }), attempts: [] },
};

export const SAMPLE_CALLS: Readonly<Record<string, SampleCall>> = {
  everything: EVERYTHING,
  "hardly anything": HARDLY_ANYTHING,
  refused: REFUSED,
};

function attempt(known: Partial<Attempt>): Attempt {
  return {
    spanId: of("5", 8),
    mirrorSpanId: of("6", 8),
    index: 0,
    reason: AttemptReason.ATTEMPT_REASON_FIRST,
    provider: "scripted",
    providerHost: "127.0.0.1",
    providerPort: 9_999,
    requestModel: "echo-1",
    startNanos: START,
    endNanos: START + 10_000_000n,
    httpStatus: 429,
    failure: undefined,
    inputs: undefined,
    answer: {
      responseId: undefined,
      responseModel: undefined,
      finishReasons: [],
      usage: undefined,
      usageIsPartial: false,
      firstTokenNanos: undefined,
    },
    cost: undefined,
    ...known,
  };
}
