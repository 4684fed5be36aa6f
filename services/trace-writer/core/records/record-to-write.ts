import { DEFAULT_WORKSPACE } from "#lib/auth/identity.ts";
import { EMPTY_RECORD } from "#lib/spans/empty-record.ts";
import { InvocationRecord, type SpanPayload } from "#proto/twinspan/trace/v1/invocation_record.ts";
import type { ExperimentRef } from "#proto/twinspan/trace/v1/mirror.ts";
import { experimentMeant } from "../experiments/default-experiment.ts";
import { previewOfBytes } from "../spans/preview.ts";
import type { Digest } from "../spans/span-batch.ts";
import type { SpanBatch, SpanRow } from "../spans/span-row.ts";
import { toldTwinsOf } from "./told-twins.ts";

/**
 * The bytes of a record, cut between its fields and otherwise as they came. The pieces of a part, one after the other,
 * are an InvocationRecord that holds nothing but that part: the call, which both twins are made of, is in both of
 * theirs. No pieces: there is none.
 */
export interface RecordParts {
  /** What the full trace is made of, and whether its payload was shed. */
  readonly full: readonly Uint8Array[];
  /** What the mirror is made of. */
  readonly mirror: readonly Uint8Array[];
  readonly payload: readonly Uint8Array[];
}

/** A checked record, as it goes to a store. */
export interface RecordToWrite {
  /** The workspace of the full trace. */
  readonly workspace: string;
  /** Its bytes are an InvocationRecord of the full trace alone, with a stub for each payload that was cut short. */
  readonly full: SpanBatch;
  /** A digest of the full trace, to tell a record that is repeated from another under the same id. */
  readonly hash: string;
  /** The name of the experiment of the full trace. */
  readonly experiment: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** An InvocationRecord that holds nothing but the payloads, serialized. Undefined: there is none. */
  readonly payload: Uint8Array<ArrayBuffer> | undefined;
  readonly mirror: MirrorToWrite | undefined;
}

/** A mirror as it goes to a store. */
interface MirrorToWrite {
  /** The workspace of the caller. */
  readonly workspace: string;
  /** The first of its rows is the gateway span. Its bytes are an InvocationRecord of the mirror alone. */
  readonly spans: SpanBatch;
  /** Where the caller asked for it to be filed. Undefined: nowhere. */
  readonly experiment: ExperimentRef["ref"];
}

/**
 * A record that `checkRecord` found nothing wrong with, as it goes to a store: its own bytes, and the rows that are
 * read from it.
 */
export function recordToWriteOf(record: InvocationRecord, parts: RecordParts, digest: Digest): RecordToWrite {
  const { payloads } = record;
  const { full, mirror } = toldTwinsOf(record);
  const [root, ...attempts] = full.rows;
  const cut = payloads.filter(({ truncated }) => truncated).map(stubOf);
  const stubs = cut.length === 0 ? [] : [payloadBytesOf(cut)];
  const fullPieces = [...parts.full, ...stubs];
  const mirrorPieces = mirror === undefined ? [] : parts.mirror;
  const take = openRoom(lengthOf(fullPieces) + lengthOf(parts.payload) + lengthOf(mirrorPieces));
  const fullBytes = take(fullPieces);
  const mirrorWorkspace = mirror?.workspace || DEFAULT_WORKSPACE;
  return {
    workspace: full.workspace || DEFAULT_WORKSPACE,
    full: {
      traceId: full.traceId.toString("hex"),
      rows: root === undefined ? [] : [withPreviews(root, payloads), ...attempts],
      bytes: fullBytes,
    },
    hash: digest(fullBytes.subarray(0, lengthOf(parts.full))),
    experiment: full.experiment,
    metadata: full.metadata,
    payload: payloads.length === 0 ? undefined : take(parts.payload),
    mirror: mirror && {
      workspace: mirrorWorkspace,
      spans: { traceId: mirror.traceId.toString("hex"), rows: mirror.rows, bytes: take(mirrorPieces) },
      experiment: mirror.experiment?.ref && experimentMeant(mirrorWorkspace, mirror.experiment.ref),
    },
  };
}

function withPreviews(row: SpanRow, payloads: readonly SpanPayload[]): SpanRow {
  const payload = payloads.find(({ spanId }) => spanId.toString("hex") === row.spanId);
  if (payload === undefined) return row;
  return {
    ...row,
    requestPreview: previewOfBytes(payload.inputs),
    responsePreview: previewOfBytes(payload.outputs),
  };
}

/** The fact that a payload was cut, without the payload. */
function stubOf({ spanId, truncated }: SpanPayload): SpanPayload {
  return { spanId, inputs: Buffer.alloc(0), outputs: Buffer.alloc(0), errorText: "", truncated };
}

function payloadBytesOf(payloads: SpanPayload[]): Uint8Array {
  return InvocationRecord.encode({ ...EMPTY_RECORD, payloads }).finish();
}

/**
 * Copies pieces one after the other: what they are cut from is let go. All of a record's are in one buffer, since each
 * that goes to another thread costs as much as some kilobytes.
 */
function openRoom(bytes: number): (pieces: readonly Uint8Array[]) => Uint8Array<ArrayBuffer> {
  const whole = Buffer.allocUnsafeSlow(bytes);
  let end = 0;
  return (pieces) => {
    const begin = end;
    for (const piece of pieces) {
      whole.set(piece, end);
      end += piece.length;
    }
    return whole.subarray(begin, end);
  };
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((length, piece) => length + piece.length, 0);
}
