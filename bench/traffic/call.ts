import { FinishReason } from "#proto/twinspan/trace/v1/mirror.ts";
import type { Failure, Outcome, RecordedInvocation } from "../../services/gateway/core/invocation.ts";
import { keptPayloadsOf } from "../../services/gateway/core/payload/kept-payloads.ts";
import { KEEP_ALL } from "../../services/gateway/core/payload/payload-policy.ts";
import { RecordWriter } from "../../services/gateway/core/twins/record.ts";
import { attemptsOf } from "./attempts.ts";
import type { CallPlan } from "./call-plan.ts";
import type { Conditions } from "./incident.ts";
import { answerBodyOf, messageFormatOf, requestBodyOf } from "./messages.ts";
import type { Random } from "./random.ts";

/** A call that was made up: its record as the gateway ships it. */
export interface Call {
  readonly record: Buffer;
  readonly traceId: string;
  readonly endNs: bigint;
  readonly failed: boolean;
}

const WRITER = new RecordWriter();
/** Of so many calls the endpoint's own limit refuses one, before any provider is asked. */
const REFUSED = 0.002;
/** Of so many streams the caller hangs up on one. */
const CANCELLED = 0.006;

/** Makes up a call: what was asked and answered, by whom after which failures, how long it took, what it cost. */
export function callOf(random: Random, plan: CallPlan, conditions: Conditions): Call {
  const invocation = invocationOf(random, plan);
  const outcome = random.happens(REFUSED)
    ? refusedOutcomeOf(random, plan)
    : outcomeOf(random, plan, invocation, conditions);
  const kept = keptPayloadsOf(outcome, KEEP_ALL, () => "");
  const { told, payload } = WRITER.recordOf(invocation, outcome, kept);
  return {
    record: Buffer.concat([told, payload]),
    traceId: invocation.traceId,
    endNs: outcome.endNanos,
    failed: outcome.failure !== undefined,
  };
}

function invocationOf(random: Random, plan: CallPlan): RecordedInvocation {
  const { endpoint, callerSpan, experiment } = plan;
  return {
    traceId: random.hex(16),
    spanId: random.hex(8),
    startNanos: plan.atNs,
    endpointId: endpoint.name,
    endpointName: endpoint.name,
    experiment: `gateway/${endpoint.name}`,
    workspace: "default",
    callerWorkspace: "default",
    username: undefined,
    callerKey: undefined,
    requestType: endpoint.requestType,
    messageFormat: messageFormatOf(endpoint.requestType),
    streaming: random.happens(endpoint.streamed),
    caller: {
      product: plan.product,
      session: plan.session,
      user: plan.user,
      run: undefined,
      serverUrl: "llm.example.com",
      experiment: experiment === undefined ? undefined : { ref: { $case: "name", value: experiment } },
    },
    callerSpan,
    mirrorSpanId: callerSpan && random.hex(8),
  };
}

function refusedOutcomeOf(random: Random, { atNs }: CallPlan): Outcome {
  const text = "This endpoint takes 600 requests a minute.";
  const failure: Failure = { kind: "rate_limited", text, isOurs: true };
  return {
    endNanos: atNs + BigInt(200_000 + random.below(900_000)),
    failure,
    attempts: [],
    inputs: undefined,
    outputs: undefined,
  };
}

function outcomeOf(random: Random, plan: CallPlan, invocation: RecordedInvocation, conditions: Conditions): Outcome {
  const { endpoint, say } = plan;
  const { streaming } = invocation;
  const inputTokens = Math.ceil(random.around(endpoint.inputTokens, 0.5));
  const outputTokens = Math.ceil(random.around(endpoint.outputTokens, 0.6));
  const isCancelled = streaming && random.happens(CANCELLED);
  const { attempts, failure } = attemptsOf(
    random,
    { plan, streaming, inputTokens, outputTokens, isCancelled },
    conditions,
  );
  const last = attempts.at(-1);
  const exchange = {
    endpoint: endpoint.name,
    requestType: endpoint.requestType,
    streaming,
    asked: say(random, endpoint.topic, "asked", inputTokens),
    answered: say(random, endpoint.topic, "answered", outputTokens),
    responseId: last?.answer.responseId ?? "",
    responseModel: last?.answer.responseModel ?? "",
    inputTokens,
    outputTokens,
  };
  const isAnswered = last?.answer.finishReasons.includes(FinishReason.FINISH_REASON_STOP) === true || isCancelled;
  return {
    endNanos: (last?.endNanos ?? plan.atNs) + 400_000n,
    failure,
    attempts,
    inputs: { bytes: requestBodyOf(exchange), truncated: false },
    outputs: isAnswered ? { bytes: answerBodyOf(exchange), truncated: false } : undefined,
  };
}
