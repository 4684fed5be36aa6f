import type { Client, ServiceError as RpcError } from "@grpc/grpc-js";
import type { KeptMemory } from "#lib/kept-memory.ts";
import { serviceErrorOfRpc } from "#lib/rpc/status-details.ts";
import { meaningOf } from "#lib/service-error.ts";
import {
  TraceWriterServiceService,
  WriteInvocationsResponse,
  type WriteResult,
} from "#proto/twinspan/trace/v1/trace_writer_service.ts";
import { bytesOf, type WaitingRecord } from "./stored-record.ts";

/** `records` of WriteInvocationsRequest: field 1, length-delimited. */
const RECORDS_TAG = (1 << 3) | 2;
/** What stands before a record: its tag, and its length in at most five bytes. */
export const RECORD_HEAD_BYTES_MAX = 6;

/** What became of an RPC: answered; refused for good; or to be tried again. */
export type Sent =
  | { readonly kind: "answered"; readonly results: readonly WriteResult[] }
  | { readonly kind: "refused" }
  /**
   * `isOfBatch`: the fault may lie in the batch, which was too much for the time, or holds a record that is stumbled
   * over.
   */
  | { readonly kind: "failed"; readonly reason: string; readonly isOfBatch: boolean };

/** Sends a batch, packed in `memory`. `signal` cancels it: it has then failed. */
export function sendBatch(
  client: Client,
  batch: readonly WaitingRecord[],
  memory: KeptMemory,
  shipMs: number,
  signal: AbortSignal,
): Promise<Sent> {
  return new Promise((resolve) => {
    const call = client.makeUnaryRequest(
      TraceWriterServiceService.writeInvocations.path,
      (records: readonly WaitingRecord[]) => requestOf(records, memory),
      (bytes: Buffer) => WriteInvocationsResponse.decode(bytes),
      batch,
      { deadline: Date.now() + shipMs },
      (error, response) => {
        signal.removeEventListener("abort", cancel);
        if (error === null) resolve({ kind: "answered", results: response?.results ?? [] });
        else resolve(failureOf(error));
      },
    );
    const cancel = () => call.cancel();
    signal.addEventListener("abort", cancel, { once: true });
  });
}

function failureOf(error: RpcError): Sent {
  const { kind, message } = serviceErrorOfRpc(error, "the trace-writer");
  if (kind === "invalid_request" || kind === "request_too_large") return { kind: "refused" };
  const reason = meaningOf(kind).retry ? message : `${message} (${error.details})`;
  return { kind: "failed", reason, isOfBatch: kind === "deadline_exceeded" || kind === "internal" };
}

/**
 * The batch as a WriteInvocationsRequest, put together from serialized parts: nothing is decoded on the way. It stands
 * in `memory`, which it must have for itself until the RPC is over.
 */
function requestOf(batch: readonly WaitingRecord[], memory: KeptMemory): Buffer {
  const bytesMax = batch.reduce((sum, record) => sum + RECORD_HEAD_BYTES_MAX + bytesOf(record), 0);
  const request = memory.take(bytesMax);
  let at = 0;
  for (const record of batch) {
    request[at] = RECORDS_TAG;
    at = writeVarint(request, bytesOf(record), at + 1);
    request.set(record.told, at);
    request.set(record.payload, at + record.told.length);
    at += bytesOf(record);
  }
  return request.subarray(0, at);
}

/** Writes a length as protobuf has it, and returns where it ends. */
function writeVarint(bytes: Buffer, value: number, at: number): number {
  let rest = value;
  let end = at;
  for (; rest > 0x7f; rest >>>= 7) end = bytes.writeUInt8((rest & 0x7f) | 0x80, end);
  return bytes.writeUInt8(rest, end);
}
