import type { Logger } from "#lib/logger.ts";
import { unary } from "#lib/rpc/handler.ts";
import type { ServedService } from "#lib/rpc/server.ts";
import { ServiceError } from "#lib/service-error.ts";
import {
  MirrorOutcome,
  TraceWriterServiceService,
  type WriteInvocationsResponse,
  WriteOutcome,
  type WriteResult,
} from "#proto/twinspan/trace/v1/trace_writer_service.ts";
import { checkRecord } from "./core/record-check.ts";
import { type RecordToWrite, recordToWriteOf } from "./core/record-to-write.ts";
import { decoded, decodedBy, tolerant, type Undecodable } from "./decoding.ts";
import { digest } from "./digest.ts";
import type { ExperimentRoom } from "./experiment-room.ts";
import type { Metrics } from "./metrics.ts";
import { type ReceivedRecord, receiveRecord, recordsIn } from "./receive-records.ts";
import type { RecordOutcome, TraceStore } from "./store/trace-store.ts";
import { mapInTurns } from "./turns.ts";

const RECORDS_MAX = 1000;

/** TraceWriterService: checks each record, and stores those that break no rule. Readers have their turns meanwhile. */
export function createTraceWriterService(
  store: TraceStore,
  room: ExperimentRoom,
  metrics: Metrics,
  log: Logger,
): ServedService {
  const handle = async (request: readonly Uint8Array[] | Undecodable, signal: AbortSignal) => {
    const serialized = decoded(request);
    const { length } = serialized;
    if (length < 1 || length > RECORDS_MAX) {
      throw new ServiceError("invalid_request", `records must be 1 to ${RECORDS_MAX}.`, { field: "records" });
    }
    const records = await mapInTurns(serialized, decodedBy(receiveRecord));
    metrics.received("records", length);
    return writeInvocations(store, room, metrics, records, signal);
  };
  return {
    name: "twinspan.trace.v1.TraceWriterService",
    definition: { writeInvocations: tolerant(TraceWriterServiceService.writeInvocations, recordsIn) },
    implementation: {
      writeInvocations: unary(log, (request: readonly Uint8Array[] | Undecodable, { signal }) =>
        handle(request, signal),
      ),
    },
  };
}

async function writeInvocations(
  store: TraceStore,
  room: ExperimentRoom,
  metrics: Metrics,
  records: readonly ReceivedRecord[],
  signal: AbortSignal,
): Promise<WriteInvocationsResponse> {
  const accepted: { readonly index: number; readonly record: RecordToWrite }[] = [];
  const checked = await mapInTurns(records.entries(), ([index, { record, parts }]) => {
    const reason = checkRecord(record);
    const toWrite = reason === undefined ? recordToWriteOf(record, parts, digest) : undefined;
    const refusal = reason ?? "full.resource_spans: is required";
    if (toWrite === undefined) metrics.refused(refusal);
    else accepted.push({ index, record: toWrite });
    return refusalOf(refusal);
  });
  const results = [...checked];
  if (accepted.length === 0) return { results };
  const outcomes = await store.writeRecords(
    await Promise.all(accepted.map(({ record }) => withRoom(room, record))),
    signal,
  );
  for (const [place, { index }] of accepted.entries()) {
    const outcome = outcomes[place];
    if (outcome !== undefined) results[index] = resultOf(outcome);
  }
  return { results };
}

/** A mirror that names an experiment which may not be made names none: it waits for its agent's spans. */
async function withRoom(room: ExperimentRoom, record: RecordToWrite): Promise<RecordToWrite> {
  const { mirror } = record;
  if (mirror?.experiment === undefined || (await room.admits(mirror.workspace, mirror.experiment))) return record;
  return { ...record, mirror: { ...mirror, experiment: undefined } };
}

function refusalOf(reason: string): WriteResult {
  return {
    outcome: WriteOutcome.WRITE_OUTCOME_REFUSED,
    mirrorOutcome: MirrorOutcome.MIRROR_OUTCOME_UNSPECIFIED,
    reason,
  };
}

function resultOf({ outcome, mirror }: RecordOutcome): WriteResult {
  return {
    outcome: outcome === "stored" ? WriteOutcome.WRITE_OUTCOME_STORED : WriteOutcome.WRITE_OUTCOME_ALREADY_STORED,
    mirrorOutcome: mirrorOutcomeOf(mirror),
    reason: "",
  };
}

function mirrorOutcomeOf(mirror: RecordOutcome["mirror"]): MirrorOutcome {
  switch (mirror) {
    case "stored":
      return MirrorOutcome.MIRROR_OUTCOME_STORED;
    case "sealed_trace":
      return MirrorOutcome.MIRROR_OUTCOME_SEALED_TRACE;
    case "none":
    case "conflict":
      return MirrorOutcome.MIRROR_OUTCOME_UNSPECIFIED;
  }
}
