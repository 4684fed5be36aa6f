import type { Registry } from "prom-client";
import { createCellHistogram } from "#lib/metric-cells.ts";
import { errorWordOf, requestWordsOf } from "#lib/spans/words.ts";
import { errorTypeOf } from "../core/error-type.ts";
import type { Attempt, RecordedInvocation } from "../core/invocation.ts";

/** The buckets that OpenTelemetry's conventions ask for: seconds, and tokens. */
const SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const TOKENS = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864];

/**
 * What OpenTelemetry's conventions call the attributes, in Prometheus's spelling, and the endpoint. A response's model
 * is the provider's word and so without a bound: it is left out.
 */
const ATTRIBUTES = [
  "gen_ai_operation_name",
  "gen_ai_provider_name",
  "gen_ai_request_model",
  "server_address",
  "server_port",
  "twinspan_endpoint",
] as const;

/** Measures requests to providers by OpenTelemetry's conventions for clients of generative AI, under `registry`. */
export function measureGenAi(registry: Registry): (invocation: RecordedInvocation, attempt: Attempt) => void {
  const registers = [registry];
  const durations = createCellHistogram({
    name: "gen_ai_client_operation_duration_seconds",
    help: "How long a request to a provider took, from before its connection to its last byte or its failure.",
    labelNames: [...ATTRIBUTES, "error_type"],
    buckets: SECONDS,
    registers,
  });
  const firstChunks = createCellHistogram({
    name: "gen_ai_client_operation_time_to_first_chunk_seconds",
    help: "From a request to a provider to the first token of its stream.",
    labelNames: ATTRIBUTES,
    buckets: SECONDS,
    registers,
  });
  const tokens = createCellHistogram({
    name: "gen_ai_client_token_usage",
    help: "Tokens of a request to a provider, by type (input, output), as the provider counted them.",
    labelNames: [...ATTRIBUTES, "gen_ai_token_type"],
    buckets: TOKENS,
    registers,
  });
  return ({ endpointName, requestType }, attempt) => {
    const { startNanos, endNanos, answer, failure } = attempt;
    const attributes = {
      gen_ai_operation_name: requestWordsOf(requestType)?.operation ?? "",
      gen_ai_provider_name: attempt.provider,
      gen_ai_request_model: attempt.requestModel,
      server_address: attempt.providerHost,
      server_port: attempt.providerPort,
      twinspan_endpoint: endpointName,
    };
    const errorType = errorWordOf(errorTypeOf(failure)) ?? "";
    durations.observe({ ...attributes, error_type: errorType }, secondsOf(endNanos - startNanos));
    const { firstTokenNanos, usage } = answer;
    if (firstTokenNanos !== undefined) firstChunks.observe(attributes, secondsOf(firstTokenNanos - startNanos));
    if (usage === undefined || usage.estimated) return;
    const { inputTokens, outputTokens } = usage;
    if (inputTokens) tokens.observe({ ...attributes, gen_ai_token_type: "input" }, Number(inputTokens));
    if (outputTokens) tokens.observe({ ...attributes, gen_ai_token_type: "output" }, Number(outputTokens));
  };
}

function secondsOf(nanos: bigint): number {
  return Number(nanos) / 1e9;
}
