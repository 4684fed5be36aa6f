import { parseTraceName, type TraceIdHex } from "#lib/ids.ts";
import type { Logger } from "#lib/logger.ts";
import { type RpcCall, unary } from "#lib/rpc/handler.ts";
import type { ServedService } from "#lib/rpc/server.ts";
import { invalidField, ServiceError } from "#lib/service-error.ts";
import {
  type ClaimTraceRequest,
  type DeleteTracesRequest,
  TraceEditorServiceService,
  type UpdateTraceTagsRequest,
} from "#proto/twinspan/trace/v1/trace_editor_service.ts";
import { experimentMeant } from "../core/experiments/default-experiment.ts";
import { parseExperimentId } from "../core/experiments/experiment-name.ts";
import { withoutPreviews } from "../core/search/payload-rights.ts";
import { canonicalClaimOf, checkClaim } from "../core/traces/trace-claim.ts";
import { checkTagEdit, EDITED_TAGS_MAX, type TagEdits } from "../core/traces/trace-tags.ts";
import { experimentIdsMeant } from "../reading/experiment-ids.ts";
import { type ExperimentRoom, noRoom } from "../receiving/experiment-room.ts";
import type { TraceStore, TracesToDelete } from "../store/trace-store.ts";

const DELETED_IDS_MAX = 1000;
/** How many traces are deleted in one commit at the most: others wait for it meanwhile. */
const DELETION_STEP = 50;

/** TraceEditorService: changes what is said of traces as a whole, and deletes them. */
export function createTraceEditorService(store: TraceStore, room: ExperimentRoom, log: Logger): ServedService {
  return {
    name: "twinspan.trace.v1.TraceEditorService",
    definition: TraceEditorServiceService,
    implementation: {
      claimTrace: unary(log, (request: ClaimTraceRequest, call) => claimTrace(store, room, request, call)),
      updateTraceTags: unary(log, (request: UpdateTraceTagsRequest, call) => updateTags(store, request, call)),
      deleteTraces: unary(log, (request: DeleteTracesRequest, call) => deleteTraces(store, request, call)),
    },
  };
}

async function claimTrace(
  store: TraceStore,
  room: ExperimentRoom,
  { claim }: ClaimTraceRequest,
  { identity, signal }: RpcCall,
) {
  const { workspace } = identity;
  if (claim === undefined) throw invalid("claim: is required");
  const experiment = claim.experiment?.ref;
  const fault = checkClaim(claim);
  if (fault !== undefined || experiment === undefined) throw invalid(`claim.${fault}`);
  const canonical = canonicalClaimOf(claim);
  const choice = experimentMeant(workspace, experiment);
  if (!(await room.admits(workspace, choice))) throw noRoom(workspace);
  const outcome = await store.claimTrace(workspace, choice, canonical, signal);
  switch (outcome) {
    case "experiment_not_found":
      throw experimentNotFound("claim.experiment");
    case "sealed_trace":
      throw new ServiceError(
        "permission_denied",
        `tr-${canonical.traceId} is a full trace, which only the gateway writes. Its tags can be set.`,
        { field: "claim.trace_id" },
      );
    case "stored": {
      const [info] = await store.getTraceInfos(workspace, [canonical.traceId]);
      if (info === undefined) throw traceNotFound(canonical.traceId);
      return { info: identity.roles.has("read-payloads") ? info : withoutPreviews(info) };
    }
  }
}

async function updateTags(
  store: TraceStore,
  { traceId: name, set, remove }: UpdateTraceTagsRequest,
  { identity, signal }: RpcCall,
) {
  const traceId = traceIdOf(name, "trace_id");
  const fault = checkTagEdit(set, remove);
  if (fault !== undefined) throw invalid(fault);
  const edits: TagEdits = { ...set, ...Object.fromEntries(remove.map((key) => [key, null])) };
  const outcome = await store.editTags(identity.workspace, traceId, edits, signal);
  switch (outcome) {
    case "trace_not_found":
      throw traceNotFound(traceId);
    case "too_many_tags":
      throw invalid(`set: at most ${EDITED_TAGS_MAX} tags of a trace may be edited, the removed ones included`);
    case "edited":
      return {};
  }
}

async function deleteTraces(store: TraceStore, request: DeleteTracesRequest, { identity, signal }: RpcCall) {
  const named = parseExperimentId(request.experimentId);
  const [experimentId] = await experimentIdsMeant(store, identity.workspace, named === undefined ? [] : [named]);
  if (experimentId === undefined) throw experimentNotFound("experiment_id");
  let deleted = 0;
  for (const { which, tracesMax } of deletionsOf(request)) {
    for (let left = tracesMax; left > 0; ) {
      signal.throwIfAborted();
      const limit = Math.min(left, DELETION_STEP);
      const outcome = await store.deleteTraces(identity.workspace, experimentId, which, limit, signal);
      if (outcome.kind === "experiment_not_found") throw experimentNotFound("experiment_id");
      deleted += outcome.traces;
      left -= outcome.traces;
      // What arrives from then on is not chased.
      if (!outcome.isMore) break;
    }
  }
  return { tracesDeleted: BigInt(deleted) };
}

interface Deletion {
  readonly which: TracesToDelete;
  readonly tracesMax: number;
}

/** What a request deletes, one after the other: each step by step, until nothing is left of it. */
function deletionsOf({ traceIds, startTimeUnixNanoMax, tracesMax }: DeleteTracesRequest): readonly Deletion[] {
  if (traceIds.length > 0) {
    if (startTimeUnixNanoMax !== undefined) throw invalid("start_time_unix_nano_max: give it or trace_ids, not both");
    if (tracesMax !== 0) throw invalid("traces_max: goes with start_time_unix_nano_max only");
    if (traceIds.length > DELETED_IDS_MAX) throw invalid(`trace_ids: must be at most ${DELETED_IDS_MAX}`);
    return deletionsByIds(traceIds.map((name, index) => traceIdOf(name, `trace_ids[${index}]`)));
  }
  if (startTimeUnixNanoMax === undefined) throw invalid("trace_ids: give ids, or start_time_unix_nano_max");
  if (tracesMax < 0) throw invalid("traces_max: must not be negative");
  const until = { kind: "until", startNsMax: startTimeUnixNanoMax } as const;
  return [{ which: until, tracesMax: tracesMax === 0 ? Number.POSITIVE_INFINITY : tracesMax }];
}

function deletionsByIds(traceIds: readonly TraceIdHex[]): readonly Deletion[] {
  return Array.from({ length: Math.ceil(traceIds.length / DELETION_STEP) }, (_, step) => {
    const some = traceIds.slice(step * DELETION_STEP, (step + 1) * DELETION_STEP);
    return { which: { kind: "ids", traceIds: some }, tracesMax: some.length };
  });
}

function traceIdOf(name: string, field: string): TraceIdHex {
  const traceId = parseTraceName(name);
  if (traceId === undefined) throw invalid(`${field}: must be tr- and 32 hex digits, or the digits alone`);
  return traceId;
}

function traceNotFound(traceId: TraceIdHex): ServiceError {
  return new ServiceError("not_found", `There is no trace tr-${traceId}. It may not have arrived yet.`, {
    metadata: { trace_id: `tr-${traceId}` },
  });
}

function experimentNotFound(field: string): ServiceError {
  return new ServiceError("not_found", "There is no experiment of that id.", { field });
}

/** A rule that a request breaks, as `field: rule`. */
function invalid(fault: string): ServiceError {
  const colon = fault.indexOf(": ");
  return invalidField(fault.slice(0, colon), fault.slice(colon + 2));
}
