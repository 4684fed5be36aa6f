import { expect, test } from "vitest";
import { ERROR_KINDS, isErrorKind } from "#lib/service-error.ts";
import { mlflowCostOf, mlflowUsageOf } from "#lib/spans/usage.ts";
import { errorWordOf } from "#lib/spans/words.ts";
import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";
import { errorTypeOf, failureKindOfStatus } from "../../../services/gateway/core/error-type.ts";
import { mirrorDecisionOf } from "../../../services/gateway/core/twins/mirror-decision.ts";
import { costAt, nanoUsdOf } from "../../../services/gateway/core/usage/price.ts";
import { openAiUsageOf as usageOf } from "../../../services/gateway/dialects/openai-usage.ts";

/** The closed list of `error.type`, as the contract words it. */
const CLOSED = [
  "cancelled",
  "interrupted",
  "deadline_exceeded",
  "provider_rejected",
  "provider_auth",
  "provider_rate_limited",
  "provider_unavailable",
  "provider_timeout",
  "provider_protocol",
  "invalid_request",
  "permission_denied",
  "rate_limited",
  "budget_exceeded",
  "overloaded",
  "guardrail",
  "internal",
];

test("the mirror's enum is the closed list, word for word", () => {
  const words = Object.keys(ErrorType)
    .filter((name) => name !== "UNRECOGNIZED" && name !== "ERROR_TYPE_UNSPECIFIED")
    .map((name) => name.slice("ERROR_TYPE_".length).toLowerCase());
  expect(words).toEqual(CLOSED);
});

test("every failure has a word of the list, and the same one in both twins", () => {
  for (const kind of [...Object.keys(ERROR_KINDS).filter(isErrorKind), "interrupted" as const]) {
    const type = errorTypeOf({ kind });
    const name = Object.entries(ErrorType).find(([, value]) => value === type)?.[0];
    expect(CLOSED).toContain(errorWordOf(type));
    expect(name).toBe(`ERROR_TYPE_${errorWordOf(type)?.toUpperCase()}`);
  }
});

test.each([
  [200, undefined],
  [204, undefined],
  [302, undefined],
  [400, "provider_rejected"],
  [401, "provider_auth"],
  [403, "provider_auth"],
  [404, "provider_rejected"],
  [408, "provider_timeout"],
  [422, "provider_rejected"],
  [429, "provider_rate_limited"],
  [500, "provider_unavailable"],
  [503, "provider_unavailable"],
  [504, "provider_timeout"],
  [599, "provider_unavailable"],
])("a provider's %i is %s", (status, kind) => {
  expect(failureKindOfStatus(status)).toBe(kind);
});

test("a mirror is written where the endpoint and the caller's flags want it", () => {
  const caller = (flags: number) => ({ traceId: "1", spanId: "2", flags, traceState: undefined, baggage: new Map() });
  expect(mirrorDecisionOf("always", undefined)).toBe("no_context");
  expect(mirrorDecisionOf("sampled", caller(1))).toBe("written");
  expect(mirrorDecisionOf("sampled", caller(3))).toBe("written");
  expect(mirrorDecisionOf("sampled", caller(2))).toBe("not_sampled");
  expect(mirrorDecisionOf("always", caller(0))).toBe("written");
  expect(mirrorDecisionOf("never", caller(1))).toBe("switched_off");
});

test("costs are whole billionths of a dollar", () => {
  const usage = { inputTokens: 1_000_000n, outputTokens: 3n };
  expect(costAt({ inputPerMillion: 2.5, outputPerMillion: 0.1, perRequest: 0 }, usage)).toMatchObject({
    inputNanoUsd: 2_500_000_000n,
    outputNanoUsd: 300n,
    totalNanoUsd: 2_500_000_300n,
  });
  expect(nanoUsdOf(0.1 + 0.2)).toBe(300_000_000n);
  expect(mlflowCostOf({ inputNanoUsd: 1n, outputNanoUsd: 2n, totalNanoUsd: 3n })).toBe(
    '{"input_cost":1e-9,"output_cost":2e-9,"total_cost":3e-9}',
  );
});

test("a provider's usage is read where it counts something, and never guessed", () => {
  expect(usageOf({ prompt_tokens: 1, completion_tokens: 2 })).toMatchObject({ totalTokens: 3n });
  expect(usageOf({ prompt_tokens: 1 })).toMatchObject({ inputTokens: 1n, outputTokens: undefined });
  for (const nothing of [
    null,
    undefined,
    7,
    "x",
    [],
    {},
    { total_tokens: 3 },
    { prompt_tokens: -1 },
    { prompt_tokens: 1.5 },
  ]) {
    expect(usageOf(nothing)).toBeUndefined();
  }
  // No call has so many tokens: the trace-writer would refuse the whole record.
  expect(usageOf({ prompt_tokens: 1e15, completion_tokens: 2 })).toMatchObject({ inputTokens: undefined });
  expect(mlflowUsageOf({ inputTokens: 1n, cacheReadInputTokens: 0n })).toBe(
    '{"input_tokens":1,"cache_read_input_tokens":0}',
  );
});
