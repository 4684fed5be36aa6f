import { parseTraceName } from "#lib/ids.ts";
import { TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import { TraceClaim } from "#proto/twinspan/trace/v1/trace_claim.ts";
import { isExperimentName } from "../experiments/experiment-name.ts";
import { previewOf } from "../spans/preview.ts";
import { END_MAX_NS } from "../spans/span-check.ts";
import type { NamedExperiment } from "../spans/span-row.ts";
import { isStoresOwnTag, TAG_KEY_MAX } from "./trace-tags.ts";

/** A claim as it stands in a store: with the experiment it names. */
export interface StoredClaim {
  readonly claim: TraceClaim;
  readonly experiment: NamedExperiment;
}

const ENTRIES_MAX = 64;
const VALUE_MAX = 4096;
const REQUEST_ID_MAX = 250;
/** Of previews that are claimed: MLflow's limit. */
const CLAIMED_MAX = 1000;
/** What the store says of a trace by itself, whatever is claimed. */
const COMPUTED_METADATA = new Set(["mlflow.trace_schema.version", "mlflow.trace.tokenUsage", "mlflow.trace.cost"]);

/** The rule of the contract that a claim breaks, with the field that breaks it. Undefined: it breaks none. */
export function checkClaim(claim: TraceClaim): string | undefined {
  const ref = claim.experiment?.ref;
  if (parseTraceName(claim.traceId) === undefined) return "trace_id: must be tr- and 32 hex digits";
  if (ref === undefined || ref.value === "") return "experiment: must give an id or a name";
  if (ref.$case === "name" && !isExperimentName(ref.value)) {
    return "experiment.name: must be 1 to 250 printable characters";
  }
  if (claim.startTimeUnixNano <= 0n) return "start_time_unix_nano: is required";
  if (claim.durationNanos < 0n) return "duration_nanos: must not be negative";
  if (claim.startTimeUnixNano + claim.durationNanos > END_MAX_NS) return "duration_nanos: the end must be below 2^63";
  if (claim.clientRequestId.length > REQUEST_ID_MAX) {
    return `client_request_id: must have at most ${REQUEST_ID_MAX} characters`;
  }
  return checkEntries("metadata", claim.metadata) ?? checkEntries("tags", claim.tags);
}

function checkEntries(field: string, entries: Readonly<Record<string, string>>): string | undefined {
  const keys = Object.keys(entries);
  if (keys.length > ENTRIES_MAX) return `${field}: must have at most ${ENTRIES_MAX} entries`;
  return keys.some((key) => key === "" || key.length > TAG_KEY_MAX)
    ? `${field}: keys must have 1 to ${TAG_KEY_MAX} characters`
    : undefined;
}

/**
 * A checked claim as it is stored: without what is the store's to say, texts cut, entries in the order of their keys,
 * so that equal claims have equal bytes. The experiment is not part of it.
 */
export function canonicalClaimOf(claim: TraceClaim): TraceClaim {
  return {
    ...claim,
    traceId: parseTraceName(claim.traceId) ?? "",
    experiment: undefined,
    requestPreview: previewOf(claim.requestPreview, CLAIMED_MAX),
    responsePreview: previewOf(claim.responsePreview, CLAIMED_MAX),
    metadata: entriesOf(claim.metadata, (key) => !COMPUTED_METADATA.has(key)),
    tags: entriesOf(claim.tags, (key) => !isStoresOwnTag(key)),
  };
}

function entriesOf(entries: Readonly<Record<string, string>>, keeps: (key: string) => boolean): Record<string, string> {
  const kept = Object.entries(entries).filter(([key]) => keeps(key));
  const sorted = kept.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, value]) => [key, value.slice(0, VALUE_MAX)]));
}

/**
 * Whether a claim takes the place of one that is stored, so that any order of arrival leaves the same one: the one that
 * ends later, then the larger by content, then the one whose experiment's name sorts first.
 */
export function claimReplaces(stored: StoredClaim, arriving: StoredClaim): boolean {
  const [storedEnd, arrivingEnd] = [endOf(stored.claim), endOf(arriving.claim)];
  if (storedEnd !== arrivingEnd) return storedEnd < arrivingEnd;
  const order = Buffer.compare(TraceClaim.encode(stored.claim).finish(), TraceClaim.encode(arriving.claim).finish());
  return order === 0 ? arriving.experiment.name < stored.experiment.name : order < 0;
}

/** When the claimed trace ended, in nanoseconds since the Unix epoch; while that is not known, when it began. */
export function endOf({ startTimeUnixNano, durationNanos }: TraceClaim): bigint {
  return startTimeUnixNano + durationNanos;
}

/** How the claim says that the trace ended. Undefined: it does not. */
export function claimedStateOf({ state }: TraceClaim): TraceState | undefined {
  return state === TraceState.TRACE_STATE_OK || state === TraceState.TRACE_STATE_ERROR ? state : undefined;
}
