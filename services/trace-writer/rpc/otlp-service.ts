import type { Logger } from "#lib/logger.ts";
import { type RpcCall, unary } from "#lib/rpc/handler.ts";
import type { MetadataTexts } from "#lib/rpc/metadata-texts.ts";
import type { ServedService } from "#lib/rpc/server.ts";
import { invalidField, ServiceError } from "#lib/service-error.ts";
import {
  type ExportTraceServiceRequest,
  type ExportTraceServiceResponse,
  TraceServiceService,
} from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import { DEFAULT_EXPERIMENT, experimentMeant } from "../core/experiments/default-experiment.ts";
import { isExperimentName } from "../core/experiments/experiment-name.ts";
import { countSpans, type ExperimentGroup, fileByExperiment } from "../core/exports/export-experiments.ts";
import { BATCHES_BYTES_MAX, sortSpans } from "../core/exports/span-sorting.ts";
import { REJECTIONS, type RejectReason } from "../core/spans/span-check.ts";
import type { SpanBatch } from "../core/spans/span-row.ts";
import type { Metrics } from "../metrics/trace-writer-metrics.ts";
import { decoded, tolerant, type Undecodable } from "../receiving/decoding.ts";
import type { ExperimentRoom } from "../receiving/experiment-room.ts";
import { receiveExport } from "../receiving/receive-export.ts";
import { digest } from "../store/digest.ts";
import type { ExperimentChoice } from "../store/trace-reads.ts";
import type { TraceStore } from "../store/trace-store.ts";

export interface OtlpOptions {
  /** How far in the future a span may reach, in milliseconds from `nowMs()`. */
  readonly futureMs: number;
  /** Tells the time, in milliseconds since the Unix epoch. */
  readonly nowMs: () => number;
}

const BY_ID = "x-mlflow-experiment-id";
const BY_NAME = "x-twinspan-experiment";

/**
 * OpenTelemetry's TraceService: takes agents' own spans. Those it cannot take are told one by one, by reason. The
 * experiment is named by the export's metadata, else by each resource, else by the key, else it is `Default`. Where one
 * experiment's spans are stored and another's are not, the export fails, and to send it again changes nothing of the
 * first.
 */
export function createOtlpService(
  store: TraceStore,
  room: ExperimentRoom,
  metrics: Metrics,
  options: OtlpOptions,
  log: Logger,
): ServedService {
  const handle = async (
    request: ExportTraceServiceRequest | Undecodable,
    { identity, metadata, signal }: RpcCall,
  ): Promise<ExportTraceServiceResponse> => {
    const { resourceSpans } = decoded(request);
    const { workspace, defaultExperiment } = identity;
    const named = experimentOf(metadata);
    metrics.received("spans", countSpans(resourceSpans));
    const otherwise: ExperimentChoice =
      defaultExperiment === undefined
        ? { $case: "id", value: DEFAULT_EXPERIMENT.id }
        : { $case: "name", value: defaultExperiment };
    const filed =
      named === undefined
        ? fileByExperiment(resourceSpans, otherwise)
        : { groups: [{ experiment: named, resourceSpans }], rejected: NOTHING };
    const latestNs = BigInt(options.nowMs() + options.futureMs) * 1_000_000n;
    const sorted = sortGroups(filed.groups, latestNs);
    if (sorted.some(({ total }) => total > 0) && sorted.every(({ withIds }) => withIds === 0)) {
      throw new ServiceError(
        "invalid_request",
        "No span has a trace id and a span id. Were logs or metrics sent to the traces endpoint?",
        { field: "resource_spans" },
      );
    }
    const stored = await Promise.all(
      sorted
        .filter(({ batches }) => batches.length > 0)
        .map(({ experiment, batches }) => {
          const choice = experimentMeant(workspace, experiment);
          const isOwn = experiment === otherwise;
          return storeSpans(store, isOwn ? undefined : room, workspace, choice, batches, signal);
        }),
    );
    const rejected = sumOf([filed.rejected, ...sorted.map((group) => group.rejected), ...stored]);
    for (const [reason, spans] of rejected) metrics.rejected(reason, spans);
    return answerOf(rejected);
  };
  return {
    name: "opentelemetry.proto.collector.trace.v1.TraceService",
    definition: { export: tolerant(TraceServiceService.export, receiveExport) },
    implementation: {
      export: unary(log, handle),
    },
  };
}

/** Why spans were not taken, and how many. */
type Rejected = ReadonlyMap<RejectReason, number>;
const NOTHING: Rejected = new Map();

/** The spans of each group by trace. All groups together have room for what one export may come to. */
function sortGroups(groups: readonly ExperimentGroup[], latestNs: bigint) {
  let bytes = 0;
  return groups.map(({ experiment, resourceSpans }) => {
    const sorted = sortSpans(resourceSpans, latestNs, digest, BATCHES_BYTES_MAX - bytes);
    bytes += sorted.bytes;
    return { experiment, ...sorted };
  });
}

/** `room` is asked of experiments that callers name. */
async function storeSpans(
  store: TraceStore,
  room: ExperimentRoom | undefined,
  workspace: string,
  experiment: ExperimentChoice,
  batches: readonly SpanBatch[],
  signal: AbortSignal,
): Promise<Rejected> {
  const allFor = (reason: RejectReason) =>
    new Map([[reason, batches.reduce((spans, { rows }) => spans + rows.length, 0)]]);
  if ((await room?.admits(workspace, experiment)) === false) return allFor("experiments_full");
  const outcome = await store.writeSpans(workspace, experiment, batches, signal);
  return outcome.kind === "stored" ? outcome.rejected : allFor("unknown_experiment");
}

function sumOf(all: readonly Rejected[]): Rejected {
  const sum = new Map<RejectReason, number>();
  for (const [reason, spans] of all.flatMap((rejected) => [...rejected]))
    sum.set(reason, (sum.get(reason) ?? 0) + spans);
  return sum;
}

/** The experiment that an export's metadata names. By id it must exist, which only the store can tell. Undefined: none. */
function experimentOf(metadata: MetadataTexts): ExperimentChoice | undefined {
  const id = textOf(metadata, BY_ID);
  const name = textOf(metadata, BY_NAME);
  if (id !== undefined && name !== undefined) {
    throw new ServiceError("invalid_request", `Give ${BY_ID} or ${BY_NAME}, not both.`, { field: BY_NAME });
  }
  if (id !== undefined) return { $case: "id", value: id };
  if (name === undefined) return undefined;
  if (!isExperimentName(name)) {
    throw invalidField(BY_NAME, "must be 1 to 250 printable characters");
  }
  return { $case: "name", value: name };
}

/** Undefined: not there, or empty. Given twice, the last counts. */
function textOf(metadata: MetadataTexts, key: string): string | undefined {
  return metadata.all(key).at(-1) || undefined;
}

function answerOf(rejected: Rejected): ExportTraceServiceResponse {
  const entries = Array.from(rejected).filter(([, spans]) => spans > 0);
  if (entries.length === 0) return { partialSuccess: undefined };
  const count = entries.reduce((sum, [, spans]) => sum + spans, 0);
  const errorMessage = entries.map(([reason, spans]) => `${spans} × ${REJECTIONS[reason]} (${reason})`).join("; ");
  return { partialSuccess: { rejectedSpans: BigInt(count), errorMessage } };
}
