import type { Metadata } from "@grpc/grpc-js";
import type { Logger } from "#lib/logger.ts";
import { unary } from "#lib/rpc/handler.ts";
import type { ServedService } from "#lib/rpc/server.ts";
import { ServiceError } from "#lib/service-error.ts";
import {
  type ExportTraceServiceRequest,
  type ExportTraceServiceResponse,
  TraceServiceService,
} from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import { isExperimentName } from "./core/experiment-name.ts";
import { REJECTIONS, type RejectReason } from "./core/span-check.ts";
import { sortSpans } from "./core/span-sorting.ts";
import { decoded, tolerant, type Undecodable } from "./decoding.ts";
import { digest } from "./digest.ts";
import type { Metrics } from "./metrics.ts";
import { receiveExport } from "./receive-export.ts";
import { DEFAULT_EXPERIMENT, type ExperimentChoice, type TraceStore } from "./store/trace-store.ts";
import { WORKSPACE } from "./workspace.ts";

export interface OtlpOptions {
  /** How far in the future a span may reach, in milliseconds from `nowMs()`. */
  readonly futureMs: number;
  /** Tells the time, in milliseconds since the Unix epoch. */
  readonly nowMs: () => number;
}

const BY_ID = "x-mlflow-experiment-id";
const BY_NAME = "x-twinspan-experiment";

/** OpenTelemetry's TraceService: takes agents' own spans. Those it cannot take are told one by one, by reason. */
export function createOtlpService(
  store: TraceStore,
  metrics: Metrics,
  options: OtlpOptions,
  log: Logger,
): ServedService {
  const handle = async (
    request: ExportTraceServiceRequest | Undecodable,
    metadata: Metadata,
    signal: AbortSignal,
  ): Promise<ExportTraceServiceResponse> => {
    const { resourceSpans } = decoded(request);
    const experiment = experimentOf(metadata);
    const latestNs = BigInt(options.nowMs() + options.futureMs) * 1_000_000n;
    const { batches, rejected, total, withIds } = sortSpans(resourceSpans, latestNs, digest);
    metrics.received("spans", total);
    for (const [reason, spans] of rejected) metrics.rejected(reason, spans);
    if (total > 0 && withIds === 0) {
      throw new ServiceError(
        "invalid_request",
        "No span has a trace id and a span id. Were logs or metrics sent to the traces endpoint?",
        { field: "resource_spans" },
      );
    }
    if (batches.length === 0) return answerOf(rejected);
    const outcome = await store.writeSpans(WORKSPACE, experiment, batches, signal);
    if (outcome.kind === "experiment_not_found") {
      throw new ServiceError(
        "not_found",
        `There is no experiment of the id in ${BY_ID}. Name one in ${BY_NAME} instead, and it is created when missing.`,
        { field: BY_ID },
      );
    }
    for (const [reason, spans] of outcome.rejected) metrics.rejected(reason, spans);
    return answerOf(new Map([...rejected, ...outcome.rejected]));
  };
  return {
    name: "opentelemetry.proto.collector.trace.v1.TraceService",
    definition: { export: tolerant(TraceServiceService.export, receiveExport) },
    implementation: {
      export: unary(log, (request: ExportTraceServiceRequest | Undecodable, call) =>
        handle(request, call.metadata, call.signal),
      ),
    },
  };
}

/** The experiment that an export names; by id it must exist, which only the store can tell. */
function experimentOf(metadata: Metadata): ExperimentChoice {
  const id = textOf(metadata, BY_ID);
  const name = textOf(metadata, BY_NAME);
  if (id !== undefined && name !== undefined) {
    throw new ServiceError("invalid_request", `Give ${BY_ID} or ${BY_NAME}, not both.`, { field: BY_NAME });
  }
  if (id !== undefined) return { $case: "id", value: id };
  if (name === undefined) return { $case: "id", value: DEFAULT_EXPERIMENT.id };
  if (!isExperimentName(name)) {
    throw new ServiceError("invalid_request", `${BY_NAME} must be 1 to 250 printable characters.`, { field: BY_NAME });
  }
  return { $case: "name", value: name };
}

/** Undefined: not there, or empty. Given twice, the last counts. */
function textOf(metadata: Metadata, key: string): string | undefined {
  const value = metadata.get(key).at(-1);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function answerOf(rejected: ReadonlyMap<RejectReason, number>): ExportTraceServiceResponse {
  const entries = Array.from(rejected).filter(([, spans]) => spans > 0);
  if (entries.length === 0) return { partialSuccess: undefined };
  const count = entries.reduce((sum, [, spans]) => sum + spans, 0);
  const errorMessage = entries.map(([reason, spans]) => `${spans} × ${REJECTIONS[reason]} (${reason})`).join("; ");
  return { partialSuccess: { rejectedSpans: BigInt(count), errorMessage } };
}
