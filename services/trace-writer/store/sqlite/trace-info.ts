import type { DatabaseSync } from "node:sqlite";
import { traceNameOf } from "#lib/ids.ts";
import { serialize } from "#lib/wire/serialize.ts";
import { StoredInfo } from "#proto/twinspan/store/v1/stored_info.ts";
import { TraceInfo, type TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import { computedMetadataOf, usualTagsOf } from "../../core/traces/computed-metadata.ts";
import { bytesIn, hexIn, integerIn, optionalIntegerIn, type Row, textIn } from "../columns.ts";
import { pack, unpack } from "../packing.ts";
import type { BlockReads } from "./block-reads.ts";
import { placeIn } from "./stored-batches.ts";
import { previewsIn } from "./stored-previews.ts";

/** The columns of `traces t` that {@link bareInfoIn} reads. */
export const BARE_INFO_COLUMNS =
  "t.trace_id, t.experiment_id, t.state, t.name, t.start_ns, t.duration_ns, t.sealed, t.info";
/** The columns that {@link infoIn} reads, of `traces t` and {@link JOIN_PREVIEWS}. */
export const INFO_COLUMNS = `${BARE_INFO_COLUMNS}, b.previews_block, b.previews_at, b.previews_length`;
/** A full trace has one batch. */
export const JOIN_PREVIEWS = "LEFT JOIN batches b ON t.sealed = 1 AND b.trace_ref = t.ref";

/**
 * What lists show of a trace, as its column `info` holds it: what the others of {@link BARE_INFO_COLUMNS} do
 * not say. The previews of a full trace are with its batch.
 */
export function storedInfoOf(info: TraceInfo): Uint8Array {
  const { usage, cost, metadata, tags, name } = info;
  const areUsual = Object.keys(tags).length === 2 && saysAll(tags, usualTagsOf(name));
  return pack(
    serialize(StoredInfo, {
      spanCount: info.spanCount,
      requestPreview: info.sealed ? "" : info.requestPreview,
      responsePreview: info.sealed ? "" : info.responsePreview,
      usage,
      cost,
      linkedTraceIds: Buffer.from(info.linkedTraceIds.map(digitsOf).join(""), "hex"),
      clientRequestId: info.clientRequestId,
      endpointId: metadata["mlflow.gateway.endpointId"],
      requestType: metadata["mlflow.gateway.requestType"],
      caller: metadata["mlflow.gateway.caller"],
      session: metadata["mlflow.trace.session"],
      user: metadata["mlflow.trace.user"],
      username: metadata["mlflow.auth.username"],
      userId: metadata["mlflow.auth.userId"],
      metadata: without(metadata, NAMED_OR_COMPUTED),
      tags: areUsual ? {} : tags,
      tagsAreUsual: areUsual,
    }),
  );
}

/** What lists show of the trace of a row that has {@link INFO_COLUMNS}. */
export function infoIn(row: Row, blocks: BlockReads): TraceInfo {
  const info = bareInfoIn(row);
  const place = placeIn(row, "previews_");
  return place === undefined ? info : { ...info, ...previewsIn(blocks.piece(place)) };
}

/** Prepares reading the previews of a full trace, of a row with `ref` and `sealed`. Of another there are none here. */
export function openPreviews(
  db: DatabaseSync,
  blocks: BlockReads,
): (row: Row) => Partial<ReturnType<typeof previewsIn>> {
  // A full trace has one batch.
  const find = db.prepare(
    "SELECT previews_block, previews_at, previews_length FROM batches WHERE trace_ref = ? AND previews_block IS NOT NULL",
  );
  return (row) => {
    const found = integerIn(row, "sealed") === 1n ? find.get(integerIn(row, "ref")) : undefined;
    const place = found && placeIn(found, "previews_");
    return place === undefined ? {} : previewsIn(blocks.piece(place));
  };
}

/** The same, but for the previews of a full trace, of a row that has {@link BARE_INFO_COLUMNS}. */
export function bareInfoIn(row: Row): TraceInfo {
  const bytes = unpack(bytesIn(row, "info"));
  // What an older version has written is whole.
  if (bytes[0] === TRACE_INFO_BEGINS) return TraceInfo.decode(bytes);
  const stored = StoredInfo.decode(bytes);
  const { usage, cost, linkedTraceIds } = stored;
  const name = textIn(row, "name");
  return {
    traceId: traceNameOf(hexIn(row, "trace_id")),
    experimentId: optionalIntegerIn(row, "experiment_id")?.toString() ?? "",
    state: stateIn(row),
    name,
    startTimeUnixNano: integerIn(row, "start_ns"),
    durationNanos: integerIn(row, "duration_ns"),
    spanCount: stored.spanCount,
    requestPreview: stored.requestPreview,
    responsePreview: stored.responsePreview,
    metadata: { ...setIn(namedOf(stored)), ...stored.metadata, ...setIn(computedMetadataOf(usage, cost)) },
    tags: stored.tagsAreUsual ? usualTagsOf(name) : stored.tags,
    usage,
    cost,
    sealed: integerIn(row, "sealed") === 1n,
    linkedTraceIds: Array.from({ length: linkedTraceIds.length / ID_BYTES }, (_, index) =>
      traceNameOf(linkedTraceIds.toString("hex", index * ID_BYTES, (index + 1) * ID_BYTES)),
    ),
    clientRequestId: stored.clientRequestId,
    unclaimed: false,
  };
}

const ID_BYTES = 16;
/** The tag of its field 1. */
const TRACE_INFO_BEGINS = 0x0a;
const NAMED_OR_COMPUTED: ReadonlySet<string> = new Set(
  Object.keys({ ...namedOf({}), ...computedMetadataOf(undefined, undefined) }),
);

/** Metadata that has a field of its own. */
function namedOf(stored: Partial<StoredInfo>) {
  return {
    "mlflow.gateway.endpointId": stored.endpointId,
    "mlflow.gateway.requestType": stored.requestType,
    "mlflow.gateway.caller": stored.caller,
    "mlflow.trace.session": stored.session,
    "mlflow.trace.user": stored.user,
    "mlflow.auth.username": stored.username,
    "mlflow.auth.userId": stored.userId,
  };
}

function saysAll(
  texts: Readonly<Record<string, string>>,
  expected: Readonly<Record<string, string | undefined>>,
): boolean {
  return Object.entries(expected).every(([key, value]) => texts[key] === value);
}

function without(texts: Readonly<Record<string, string>>, keys: ReadonlySet<string>): Record<string, string> {
  const rest: Record<string, string> = {};
  for (const key of Object.keys(texts)) {
    const value = texts[key];
    if (value !== undefined && !keys.has(key)) rest[key] = value;
  }
  return rest;
}

function setIn(values: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  const set: Record<string, string> = {};
  for (const [key, value] of Object.entries(values)) if (value !== undefined) set[key] = value;
  return set;
}

function digitsOf(traceName: string): string {
  return traceName.slice(traceNameOf("").length);
}

function stateIn(row: Row): TraceState {
  const state = Number(integerIn(row, "state"));
  switch (state) {
    case 1:
    case 2:
    case 3:
      return state;
    default:
      return 0;
  }
}
