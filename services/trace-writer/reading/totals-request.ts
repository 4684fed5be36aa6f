import { invalidField } from "#lib/service-error.ts";
import {
  type GetTotalsRequest,
  type GetTotalsResponse,
  TotalsGroup,
  TotalsKind,
  type TotalsPoint as TotalsPointMessage,
} from "#proto/twinspan/trace/v1/totals.ts";
import { parseExperimentId } from "../core/experiments/experiment-name.ts";
import type { TotalsPoint, TotalsRequest } from "../core/totals/totals.ts";

const EXPERIMENTS_MAX = 100;
const BUCKETS_MAX = 1000n;
const GROUPS_DEFAULT = 20;
const GROUPS_MAX = 100;

/** What a message asks for. An `invalid_request` names the field that is at fault. */
export function parseTotalsRequest(message: GetTotalsRequest): TotalsRequest {
  const { startTimeUnixNano: fromNs, endTimeUnixNano: toNs, bucketNanos, experimentIds, groupsMax } = message;
  if (experimentIds.length === 0) throw invalidField("experiment_ids", "must name an experiment");
  if (experimentIds.length > EXPERIMENTS_MAX)
    throw invalidField("experiment_ids", `must be at most ${EXPERIMENTS_MAX}`);
  if (fromNs < 0n) throw invalidField("start_time_unix_nano", "must not be negative");
  if (toNs <= fromNs) throw invalidField("end_time_unix_nano", "must be after the start");
  if (bucketNanos < 0n) throw invalidField("bucket_nanos", "must not be negative");
  const bucketNs = bucketNanos === 0n ? toNs - fromNs : bucketNanos;
  if ((toNs - fromNs + bucketNs - 1n) / bucketNs > BUCKETS_MAX) {
    throw invalidField("bucket_nanos", `must be long enough for at most ${BUCKETS_MAX} buckets`);
  }
  if (groupsMax < 0 || groupsMax > GROUPS_MAX) throw invalidField("groups_max", `must be 0 to ${GROUPS_MAX}`);
  const of = kindOf(message.kind);
  const groupBy = groupOf(message.groupBy);
  if (of === "usage" && groupBy !== undefined && groupBy !== "experiment") {
    throw invalidField(
      "group_by",
      "must be EXPERIMENT or unset for agents' traces, which may have several of the others",
    );
  }
  return {
    experimentIds: experimentIds.flatMap((id) => parseExperimentId(id) ?? []),
    fromNs,
    toNs,
    bucketNs,
    of,
    groupBy,
    groupsMax: groupsMax === 0 ? GROUPS_DEFAULT : groupsMax,
  };
}

/** The answer of what was added up. */
export function totalsResponseOf(points: readonly TotalsPoint[]): GetTotalsResponse {
  return { points: points.map(messageOf) };
}

function messageOf(point: TotalsPoint): TotalsPointMessage {
  return {
    startTimeUnixNano: point.startNs,
    group: point.group,
    other: point.isOther,
    requests: BigInt(point.requests),
    errors: BigInt(point.errors),
    usage: point.usage,
    cost: point.cost,
    latency: latencyOf(point.latency),
    timeToFirstToken: latencyOf(point.firstToken),
  };
}

function latencyOf(summary: TotalsPoint["latency"]): TotalsPointMessage["latency"] {
  if (summary === undefined) return undefined;
  return {
    count: BigInt(summary.count),
    p50Nanos: summary.p50,
    p90Nanos: summary.p90,
    p95Nanos: summary.p95,
    p99Nanos: summary.p99,
    maxNanos: summary.max,
  };
}

function kindOf(kind: TotalsKind): TotalsRequest["of"] {
  switch (kind) {
    case TotalsKind.TOTALS_KIND_UNSPECIFIED:
    case TotalsKind.TOTALS_KIND_BILLED:
      return "billed";
    case TotalsKind.TOTALS_KIND_USAGE:
      return "usage";
    default:
      throw invalidField("kind", "must be BILLED or USAGE");
  }
}

function groupOf(group: TotalsGroup): TotalsRequest["groupBy"] {
  switch (group) {
    case TotalsGroup.TOTALS_GROUP_UNSPECIFIED:
      return undefined;
    case TotalsGroup.TOTALS_GROUP_ENDPOINT:
      return "endpoint";
    case TotalsGroup.TOTALS_GROUP_MODEL:
      return "model";
    case TotalsGroup.TOTALS_GROUP_PROVIDER:
      return "provider";
    case TotalsGroup.TOTALS_GROUP_EXPERIMENT:
      return "experiment";
    case TotalsGroup.TOTALS_GROUP_CALLER:
      return "caller";
    default:
      throw invalidField("group_by", "must be one of its words");
  }
}
