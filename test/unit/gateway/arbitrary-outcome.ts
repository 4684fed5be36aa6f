import fc from "fast-check";
import { ERROR_KINDS, isErrorKind } from "#lib/service-error.ts";
import { AttemptReason, type FinishReason, RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { Cost, Usage } from "#proto/twinspan/trace/v1/usage.ts";
import type {
  AnswerFacts,
  Attempt,
  Failure,
  FailureKind,
  Outcome,
  Payload,
  RecordedInvocation,
} from "../../../services/gateway/core/invocation.ts";

/** An invocation and how it ended: any that the gateway can come to. */
export interface Ended {
  readonly invocation: RecordedInvocation;
  readonly outcome: Outcome;
}

const hex = (bytes: number) =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .filter((some) => some.some((byte) => byte !== 0))
    .map((some) => Buffer.from(some).toString("hex"));
const word = fc.stringMatching(/^[a-z][a-z0-9._-]{0,20}$/);
const coined = fc.option(fc.stringMatching(/^[!-~]{1,128}$/), { nil: undefined });
const told = fc.option(fc.stringMatching(/^[ -~]{1,60}$/), { nil: undefined });
const count = fc.option(fc.bigInt({ min: 0n, max: 10n ** 9n }), { nil: undefined });
const nanos = fc.bigInt({ min: 0n, max: 10n ** 10n });

const kinds: readonly FailureKind[] = [...Object.keys(ERROR_KINDS).filter(isErrorKind), "interrupted"];
const failure: fc.Arbitrary<Failure | undefined> = fc.option(
  fc.record({ kind: fc.constantFrom(...kinds), text: fc.string({ unit: "grapheme", maxLength: 40 }) }),
  { nil: undefined },
);
const usage: fc.Arbitrary<Usage | undefined> = fc.option(
  fc.record({
    inputTokens: count,
    outputTokens: count,
    totalTokens: count,
    cacheReadInputTokens: count,
    cacheWriteInputTokens: count,
    reasoningOutputTokens: count,
    audioInputTokens: count,
    audioOutputTokens: count,
    estimated: fc.constantFrom(undefined, true),
  }),
  { nil: undefined },
);
const cost: fc.Arbitrary<Cost | undefined> = fc.option(
  fc.record({
    inputNanoUsd: nanos,
    outputNanoUsd: nanos,
    totalNanoUsd: nanos,
    priceVersion: fc.constantFrom(undefined, "configuration", "genai-prices/0.1.8"),
  }),
  { nil: undefined },
);
const payload: fc.Arbitrary<Payload | undefined> = fc.option(
  fc.record({ bytes: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)), truncated: fc.boolean() }),
  { nil: undefined },
);

const requestTypes = Object.values(RequestType).filter((type) => type > 0);
const reasons = Object.values(AttemptReason).filter((reason) => reason > 0);

const invocation: fc.Arbitrary<RecordedInvocation> = fc
  .record({
    traceId: hex(16),
    spanId: hex(8),
    startNanos: fc.bigInt({ min: 10n ** 18n, max: 2n * 10n ** 18n }),
    endpointId: fc.constant("ep-0123456789abcdef"),
    endpointName: word,
    experiment: word.map((name) => `gateway/${name}`),
    workspace: word,
    callerWorkspace: word,
    username: fc.option(word, { nil: undefined }),
    callerKey: fc.option(word, { nil: undefined }),
    requestType: fc.constantFrom(...requestTypes),
    messageFormat: fc.constantFrom(undefined, "openai", "anthropic", "gemini"),
    streaming: fc.boolean(),
    caller: fc.record({
      product: fc.option(word, { nil: undefined }),
      session: told,
      user: told,
      run: told,
      serverUrl: fc.constantFrom(undefined, "gateway.example:8080", "[::1]:7001"),
      experiment: fc.constantFrom(undefined, { ref: { $case: "name" as const, value: "mine" } }),
    }),
    callerSpan: fc.option(fc.record({ traceId: hex(16), spanId: hex(8) }), { nil: undefined }),
    mirrorSpanId: fc.option(hex(8), { nil: undefined }),
  })
  // Without a caller's span there is nothing to hang a mirror under.
  .map((some) => (some.callerSpan === undefined ? { ...some, mirrorSpanId: undefined } : some));

/** An attempt, its times told as steps: from the end of the one before, to its first token, to its end. */
interface Steps {
  readonly attempt: Omit<Attempt, "index" | "startNanos" | "endNanos" | "answer">;
  readonly answer: Omit<AnswerFacts, "firstTokenNanos">;
  readonly hasToken: boolean;
  readonly wait: bigint;
  readonly first: bigint;
  readonly rest: bigint;
}

const steps: fc.Arbitrary<Steps> = fc.record({
  attempt: fc.record({
    spanId: hex(8),
    mirrorSpanId: hex(8),
    reason: fc.constantFrom(...reasons),
    provider: word,
    providerHost: fc.constant("127.0.0.1"),
    providerPort: fc.integer({ min: 1, max: 65_535 }),
    requestModel: fc.stringMatching(/^[!-~]{1,40}$/),
    httpStatus: fc.oneof(fc.constant(0), fc.integer({ min: 100, max: 599 })),
    failure,
    inputs: fc.constantFrom(undefined, { bytes: Buffer.from('{"translated":true}'), truncated: false }),
    cost,
  }),
  answer: fc.record({
    responseId: coined,
    responseModel: coined,
    finishReasons: fc.array(fc.constantFrom<FinishReason>(1, 2, 3, 4, 5), { maxLength: 20 }),
    usage,
    usageIsPartial: fc.boolean(),
  }),
  hasToken: fc.boolean(),
  wait: nanos,
  first: nanos,
  rest: nanos,
});

/** Any invocation that has ended, of at most nine attempts. */
export const arbitraryEnded: fc.Arbitrary<Ended> = fc
  .record({
    invocation,
    steps: fc.array(steps, { maxLength: 9 }),
    last: nanos,
    failure,
    inputs: payload,
    outputs: payload,
  })
  .map(({ invocation: some, steps: parts, last, ...rest }) => {
    let now = some.startNanos;
    const attempts = parts.map(({ attempt, answer, hasToken, wait, first, rest: after }, index): Attempt => {
      const startNanos = now + wait;
      const firstNanos = startNanos + first;
      now = firstNanos + after;
      const firstTokenNanos = hasToken ? firstNanos : undefined;
      return { ...attempt, index, startNanos, endNanos: now, answer: { ...answer, firstTokenNanos } };
    });
    return { invocation: some, outcome: { endNanos: now + last, attempts, ...rest } };
  })
  .filter((ended) => areDistinct(ended));

/** Ids are random in life, and never the same; those of a test may be. */
function areDistinct({ invocation: some, outcome }: Ended): boolean {
  const own = [some.spanId, ...outcome.attempts.map(({ spanId }) => spanId)];
  const mirrored = outcome.attempts.map(({ mirrorSpanId }) => mirrorSpanId);
  const mirror = [some.mirrorSpanId, some.callerSpan?.spanId, ...mirrored].filter((id) => id !== undefined);
  return (
    new Set(own).size === own.length &&
    new Set(mirror).size === mirror.length &&
    some.traceId !== some.callerSpan?.traceId
  );
}
