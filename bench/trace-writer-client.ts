import { setTimeout as pause } from "node:timers/promises";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { Client, Metadata, status } from "@grpc/grpc-js";
import { channelCredentials, channelOptions } from "#lib/rpc/client.ts";
import { sendingKey } from "#lib/rpc/send-key.ts";
import {
  ExportTraceServiceRequest,
  ExportTraceServiceResponse,
  TraceServiceService,
} from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import type { ResourceSpans } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import {
  TraceWriterServiceService,
  WriteInvocationsResponse,
  WriteOutcome,
} from "#proto/twinspan/trace/v1/trace_writer_service.ts";

/** Writes to a trace-writer what was serialized before. While it says that it has too much to do, it is asked again. */
export interface TraceWriterClient extends Disposable {
  /** Resolves when every record is stored, or was before. `request` is a serialized WriteInvocationsRequest. */
  writeInvocations(request: Uint8Array): Promise<void>;
  /** Resolves when every span is stored, or was before. `request` is a serialized ExportTraceServiceRequest. */
  exportSpans(request: Uint8Array, experiment?: string): Promise<void>;
}

const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
const CALL_MS = 60_000;
const TRIES_MAX = 60;
const RETRY_MS = 500;
/** `records` of WriteInvocationsRequest: field 1, length-delimited. */
const RECORDS_TAG = (1 << 3) | 2;

/** Opens a channel to a trace-writer; nothing is sent yet. `key` goes with every call. */
export function startTraceWriterClient(target: string, key?: string): TraceWriterClient {
  const client = new Client(target, channelCredentials(), { ...channelOptions(ANSWER_BYTES_MAX), ...sendingKey(key) });
  return {
    async writeInvocations(request) {
      const path = TraceWriterServiceService.writeInvocations.path;
      const answer = await ask(client, path, request, new Metadata(), WriteInvocationsResponse.decode, TRIES_MAX);
      const refused = answer.results.find(({ outcome }) => outcome === WriteOutcome.WRITE_OUTCOME_REFUSED);
      if (refused !== undefined) throw new Error(`a record was not stored: ${refused.reason}`);
    },
    async exportSpans(request, experiment) {
      const metadata = new Metadata();
      if (experiment !== undefined) metadata.set("x-twinspan-experiment", experiment);
      const path = TraceServiceService.export.path;
      const answer = await ask(client, path, request, metadata, ExportTraceServiceResponse.decode, TRIES_MAX);
      const rejected = answer.partialSuccess?.rejectedSpans ?? 0n;
      if (rejected > 0n) throw new Error(`${rejected} spans were not stored: ${answer.partialSuccess?.errorMessage}`);
    },
    [Symbol.dispose]: () => client.close(),
  };
}

/** Serialized records as one WriteInvocationsRequest: a protobuf message may be put together of its fields. */
export function writeInvocationsRequestOf(records: readonly Uint8Array[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const record of records) writer.uint32(RECORDS_TAG).bytes(record);
  return writer.finish();
}

/** Spans as one export. */
export function exportRequestOf(resourceSpans: readonly ResourceSpans[]): Uint8Array {
  return ExportTraceServiceRequest.encode({ resourceSpans: [...resourceSpans] }).finish();
}

async function ask<Answer>(
  client: Client,
  path: string,
  request: Uint8Array,
  metadata: Metadata,
  decode: (bytes: Buffer) => Answer,
  triesLeft: number,
): Promise<Answer> {
  const answered = await askOnce(client, path, request, metadata, decode);
  if (answered.ok) return answered.answer;
  if (!answered.isTransient || triesLeft === 0) throw answered.error;
  await pause(RETRY_MS);
  return ask(client, path, request, metadata, decode, triesLeft - 1);
}

type Answered<Answer> =
  | { readonly ok: true; readonly answer: Answer }
  | { readonly ok: false; readonly isTransient: boolean; readonly error: Error };

function askOnce<Answer>(
  client: Client,
  path: string,
  request: Uint8Array,
  metadata: Metadata,
  decode: (bytes: Buffer) => Answer,
): Promise<Answered<Answer>> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      decode,
      request,
      metadata,
      { deadline: Date.now() + CALL_MS },
      (error, answer) => {
        if (error !== null) resolve({ ok: false, isTransient: error.code === status.UNAVAILABLE, error });
        else if (answer === undefined) reject(new Error(`${path} answered nothing`));
        else resolve({ ok: true, answer });
      },
    );
  });
}
