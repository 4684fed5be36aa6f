import type { Logger } from "#lib/logger.ts";
import { unary } from "#lib/rpc/handler.ts";
import type { ServedService } from "#lib/rpc/server.ts";
import { invalidField } from "#lib/service-error.ts";
import {
  MirrorOutcome,
  TraceWriterServiceService,
  WriteOutcome,
  type WriteResult,
} from "#proto/twinspan/trace/v1/trace_writer_service.ts";
import { namesExperiment, readRecord, withoutExperiment } from "../core/records/read-record.ts";
import type { Metrics } from "../metrics/trace-writer-metrics.ts";
import { decoded, tolerant, type Undecodable } from "../receiving/decoding.ts";
import type { ExperimentRoom } from "../receiving/experiment-room.ts";
import { recordsIn } from "../receiving/receive-records.ts";
import { digest } from "../store/digest.ts";
import type { RecordOutcome, StoredRecord, TraceStore } from "../store/trace-store.ts";

const RECORDS_MAX = 1000;

/** TraceWriterService: hands records on to the store, as they came; what breaks a rule is refused there, one by one. */
export function createTraceWriterService(
  store: TraceStore,
  room: ExperimentRoom,
  metrics: Metrics,
  log: Logger,
): ServedService {
  const handle = async (request: readonly Uint8Array[] | Undecodable, signal: AbortSignal) => {
    const records = decoded(request);
    const { length } = records;
    if (length < 1 || length > RECORDS_MAX) {
      throw invalidField("records", `must be 1 to ${RECORDS_MAX}`);
    }
    metrics.received("records", length);
    const outcomes = await store.writeRecords(
      await Promise.all(records.map((record) => withRoom(room, record))),
      signal,
    );
    for (const outcome of outcomes) if (outcome.outcome === "refused") metrics.refused(outcome.reason);
    return { results: outcomes.map(resultOf) };
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

/**
 * A mirror that names an experiment which may not be made names none: it waits for its agent's spans. Most name none,
 * which is seen without reading them.
 */
async function withRoom(room: ExperimentRoom, record: Uint8Array): Promise<Uint8Array> {
  if (!namesExperiment(record)) return record;
  const read = readRecord(record, digest);
  const mirror = read.kind === "record" ? read.record.mirror : undefined;
  if (mirror?.experiment === undefined || (await room.admits(mirror.workspace, mirror.experiment))) return record;
  return withoutExperiment(record);
}

function resultOf(outcome: RecordOutcome): WriteResult {
  if (outcome.outcome === "refused") return refusalOf(outcome.reason);
  return {
    outcome:
      outcome.outcome === "stored" ? WriteOutcome.WRITE_OUTCOME_STORED : WriteOutcome.WRITE_OUTCOME_ALREADY_STORED,
    mirrorOutcome: mirrorOutcomeOf(outcome.mirror),
    reason: "",
  };
}

function refusalOf(reason: string): WriteResult {
  return {
    outcome: WriteOutcome.WRITE_OUTCOME_REFUSED,
    mirrorOutcome: MirrorOutcome.MIRROR_OUTCOME_UNSPECIFIED,
    reason,
  };
}

function mirrorOutcomeOf(mirror: StoredRecord["mirror"]): MirrorOutcome {
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
