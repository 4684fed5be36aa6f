import { startRpcServer } from "#lib/rpc/server.ts";
import { rpcFailureOf } from "#lib/rpc/status-details.ts";
import { ServiceError } from "#lib/service-error.ts";
import { spelledOut } from "#lib/spans/spelled-out.ts";
import type { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import {
  MirrorOutcome,
  type TraceWriterServiceServer,
  TraceWriterServiceService,
  WriteOutcome,
  type WriteResult,
} from "#proto/twinspan/trace/v1/trace_writer_service.ts";
import { checkRecord } from "../../services/trace-writer/core/records/record-check.ts";
import { openDoor } from "../system/open-door.ts";

/**
 * What becomes of a batch: `stall` never answers; `take-and-fail` takes it, and its answer is lost; `forget` takes
 * nothing, and answers without a word about any record.
 */
type BatchScript = (
  records: readonly InvocationRecord[],
) => "take" | "take-and-fail" | "stall" | "forget" | ServiceError;

/** A real gRPC server on loopback that keeps what a gateway sends, held to the trace-writer's own rules. */
export interface RecordingTraceWriter extends AsyncDisposable {
  readonly address: string;
  /** The records it took, spelled out, in the order of their arrival; one that came again is here once. */
  readonly records: readonly InvocationRecord[];
  /** How many records came that it had taken before. */
  readonly repeated: number;
  /** The sizes of all batches that came, taken or not. */
  readonly batches: readonly number[];
  /** Why records were refused: the gateway must never send such a record. */
  readonly refusals: readonly string[];
  /** Whether it knows records that tell their call. Those of the release before did not, and saw nothing in them. */
  knowsCalls: boolean;
  /** What becomes of the next batches. */
  script: BatchScript;
}

/** Starts it. `listen`: an address to come back to; default, any. */
export async function startRecordingTraceWriter(listen = "127.0.0.1:0"): Promise<RecordingTraceWriter> {
  const taken = new Map<string, InvocationRecord>();
  const batches: number[] = [];
  const refusals: string[] = [];
  let repeated = 0;

  function take(sent: InvocationRecord): WriteResult {
    if (sent.call !== undefined && !writer.knowsCalls) return refusedFor("full: is required");
    const reason = checkRecord(sent);
    const record = spelledOut(sent);
    const id = record.full?.traceId.toString("hex") ?? "";
    const mirrorOutcome =
      record.mirror === undefined ? MirrorOutcome.MIRROR_OUTCOME_UNSPECIFIED : MirrorOutcome.MIRROR_OUTCOME_STORED;
    if (reason !== undefined) {
      refusals.push(reason);
      return refusedFor(reason);
    }
    if (taken.has(id)) {
      repeated += 1;
      return { outcome: WriteOutcome.WRITE_OUTCOME_ALREADY_STORED, mirrorOutcome, reason: "" };
    }
    taken.set(id, record);
    return { outcome: WriteOutcome.WRITE_OUTCOME_STORED, mirrorOutcome, reason: "" };
  }

  const implementation: TraceWriterServiceServer = {
    writeInvocations: ({ request }, callback) => {
      batches.push(request.records.length);
      const verdict = writer.script(request.records.map(spelledOut));
      if (verdict === "stall") return;
      if (verdict === "forget") return callback(null, { results: [] });
      if (verdict instanceof ServiceError) return callback(rpcFailureOf(verdict));
      const results = request.records.map(take);
      if (verdict === "take") callback(null, { results });
      else callback(rpcFailureOf(new ServiceError("unavailable", "The answer is lost.")));
    },
  };
  const server = await startRpcServer({
    door: openDoor(),
    listen,
    services: [{ name: "twinspan.trace.v1.TraceWriterService", definition: TraceWriterServiceService, implementation }],
    messageBytesMax: 64 * 1024 * 1024,
    drainMs: 50,
  });
  const writer: RecordingTraceWriter = {
    address: server.address,
    get records() {
      return [...taken.values()];
    },
    get repeated() {
      return repeated;
    },
    batches,
    refusals,
    knowsCalls: true,
    script: () => "take",
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
  return writer;
}

function refusedFor(reason: string): WriteResult {
  return {
    outcome: WriteOutcome.WRITE_OUTCOME_REFUSED,
    mirrorOutcome: MirrorOutcome.MIRROR_OUTCOME_UNSPECIFIED,
    reason,
  };
}
