import { AttemptReason, FinishReason } from "#proto/twinspan/trace/v1/mirror.ts";
import { type Attempt, type Failure, NO_FACTS } from "../../services/gateway/core/invocation.ts";
import { costAt } from "../../services/gateway/core/usage/price.ts";
import type { CallPlan } from "./call-plan.ts";
import type { Conditions } from "./incident.ts";
import type { Random } from "./random.ts";
import type { Model } from "./world.ts";

/** What is asked of providers. */
export interface Asked {
  readonly plan: CallPlan;
  readonly streaming: boolean;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Whether the caller hangs up in the middle of the answer. */
  readonly isCancelled: boolean;
}

/** How providers fail, beside refusing too many: how often, with what, and after how long, in milliseconds. */
const FAULTS = [
  {
    rate: 0.004,
    kind: "provider_unavailable",
    status: 503,
    text: "The server is overloaded.",
    ms: 900,
    isFinal: false,
  },
  { rate: 0.001, kind: "provider_timeout", status: 0, text: "no answer within 30 s", ms: 30_000, isFinal: false },
  {
    rate: 0.003,
    kind: "provider_rejected",
    status: 400,
    text: "This model's maximum context length is 272000 tokens.",
    ms: 180,
    isFinal: true,
  },
] as const;
const TOO_MANY = {
  kind: "provider_rate_limited",
  status: 429,
  text: "Rate limit reached for requests per minute.",
  ms: 70,
  isFinal: false,
} as const;
type Fault = (typeof FAULTS)[number] | typeof TOO_MANY;
const ATTEMPTS_MAX = 3;
/** How long a retry of the same model waits, in milliseconds. */
const RETRY_MS = 600;
const PROVIDER_PORT = 443;
/** How much of the answer has come when a caller hangs up. */
const CANCELLED_AT = 0.4;

/** The attempts of a call: model after model until one answers, or a fault that every model would have. */
export function attemptsOf(
  random: Random,
  asked: Asked,
  conditions: Conditions,
): { readonly attempts: readonly Attempt[]; readonly failure: Failure | undefined } {
  const models = conditions.modelsOf(asked.plan.endpoint);
  const attempts: Attempt[] = [];
  let startNs = asked.plan.atNs + BigInt(250_000 + random.below(600_000));
  for (let index = 0; ; index += 1) {
    const model = models[index % models.length] ?? models[0];
    const reason = reasonOf(index, models.length);
    const begun = { index, reason, ...sentTo(random, model), startNanos: startNs };
    const fault = faultOf(random, model, conditions);
    if (fault === undefined) {
      const answered = answeredBy(random, asked, model, conditions.slowness(model), startNs);
      attempts.push({ ...begun, ...answered });
      return { attempts, failure: answered.failure };
    }
    const failed = failedWith(random, fault, startNs);
    attempts.push({ ...begun, ...failed });
    if (fault.isFinal || index + 1 === ATTEMPTS_MAX) return { attempts, failure: failed.failure };
    startNs = failed.endNanos + nanosOf(models.length > index + 1 ? 1 : random.around(RETRY_MS, 0.3));
  }
}

function reasonOf(index: number, models: number): AttemptReason {
  if (index === 0) return AttemptReason.ATTEMPT_REASON_FIRST;
  return index < models ? AttemptReason.ATTEMPT_REASON_FALLBACK : AttemptReason.ATTEMPT_REASON_RETRY;
}

function sentTo(random: Random, { provider, host, model }: Model) {
  return {
    spanId: random.hex(8),
    mirrorSpanId: random.hex(8),
    provider,
    providerHost: host,
    providerPort: PROVIDER_PORT,
    requestModel: model,
    inputs: undefined,
  };
}

function faultOf(random: Random, model: Model, conditions: Conditions): Fault | undefined {
  if (random.happens(conditions.rateLimited(model))) return TOO_MANY;
  return FAULTS.find(({ rate }) => random.happens(rate));
}

function failedWith(random: Random, { kind, status, text, ms }: Fault, startNs: bigint) {
  const endNanos = startNs + nanosOf(random.around(ms, 0.3));
  return { endNanos, httpStatus: status, failure: { kind, text }, answer: NO_FACTS, cost: undefined };
}

function answeredBy(random: Random, asked: Asked, model: Model, slowness: number, startNs: bigint) {
  const { streaming, inputTokens, isCancelled } = asked;
  const outputTokens = Math.ceil(asked.outputTokens * (isCancelled ? CANCELLED_AT : 1));
  const firstTokenNs = startNs + nanosOf(random.around(model.firstTokenMs * slowness, 0.45));
  const endNanos =
    firstTokenNs + nanosOf(random.around((outputTokens / model.tokensPerSecond) * 1000 * slowness + 4, 0.2));
  const cached = random.happens(0.3) ? Math.floor(inputTokens * 0.7) : 0;
  const usage = {
    inputTokens: BigInt(inputTokens),
    outputTokens: BigInt(outputTokens),
    totalTokens: BigInt(inputTokens + outputTokens),
    ...(cached > 0 ? { cacheReadInputTokens: BigInt(cached) } : {}),
    ...(isCancelled ? { estimated: true } : {}),
  };
  const prefix = model.provider === "anthropic" ? "msg_" : "chatcmpl-";
  const price = { ...model, cacheReadPerMillion: model.inputPerMillion / 10, perRequest: 0 };
  const failure: Failure | undefined = isCancelled ? { kind: "cancelled", text: "", isOurs: true } : undefined;
  return {
    endNanos,
    httpStatus: 200,
    failure,
    answer: {
      responseId: `${prefix}${random.hex(12)}`,
      responseModel: model.answersAs,
      finishReasons: isCancelled ? [] : [FinishReason.FINISH_REASON_STOP],
      usage,
      usageIsPartial: isCancelled,
      firstTokenNanos: streaming ? firstTokenNs : undefined,
    },
    cost: costAt(price, usage),
  };
}

function nanosOf(ms: number): bigint {
  return BigInt(Math.round(ms * 1e6));
}
