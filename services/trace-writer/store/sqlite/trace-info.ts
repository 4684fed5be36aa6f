import type { DatabaseSync } from "node:sqlite";
import { traceNameOf } from "#lib/ids.ts";
import { serialize } from "#lib/wire/serialize.ts";
import { WordReader } from "#lib/wire/word-reader.ts";
import { StoredInfo } from "#proto/twinspan/store/v1/stored_info.ts";
import { TraceInfo, type TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import { computedMetadataOf, usualTagsOf } from "../../core/traces/computed-metadata.ts";
import { bytesIn, hexIn, integerIn, optionalIntegerIn, type Row, textIn } from "../columns.ts";
import { pack, unpack } from "../packing.ts";
import type { BlockReads } from "./block-reads.ts";
import type { BlockPlace } from "./block-table.ts";
import { placeIn } from "./stored-batches.ts";
import { type Previews, previewsIn } from "./stored-previews.ts";

/** The columns of `traces t` that {@link bareInfoIn} and {@link openInfos} read. */
export const INFO_COLUMNS =
  "t.ref, t.trace_id, t.experiment_id, t.state, t.name, t.start_ns, t.duration_ns, t.sealed, t.info";

/**
 * What lists show of a trace, as its column `info` holds it: what the others of {@link INFO_COLUMNS} do
 * not say. Where its previews are elsewhere, it names the place.
 */
export function storedInfoOf(info: TraceInfo, previews: BlockPlace | undefined): Uint8Array {
  const { usage, cost, metadata, tags, name } = info;
  const areUsual = Object.keys(tags).length === 2 && saysAll(tags, usualTagsOf(name));
  return pack(
    serialize(StoredInfo, {
      spanCount: info.spanCount,
      requestPreview: previews === undefined ? info.requestPreview : "",
      responsePreview: previews === undefined ? info.responsePreview : "",
      previews,
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

/** Prepares reading what lists show of the trace of a row that has {@link INFO_COLUMNS}. */
export function openInfos(db: DatabaseSync, blocks: BlockReads): (row: Row) => TraceInfo {
  const read = openInfoReads(db, blocks);
  return (row) => {
    const { bare, previews } = read(row);
    return { ...bare, ...previews() };
  };
}

/** What lists show of a trace, as far as it was read. */
export interface ReadInfo {
  /** As {@link bareInfoIn} gives it. */
  readonly bare: TraceInfo;
  /** Its previews, read where they are when they are first asked for. */
  previews(): Previews;
}

/** Prepares reading it in two steps, for who may not need the second. */
export function openInfoReads(db: DatabaseSync, blocks: BlockReads): (row: Row) => ReadInfo {
  // A full trace has one batch. Those that an older version wrote do not name the place.
  const find = db.prepare(
    "SELECT previews_block, previews_at, previews_length FROM batches WHERE trace_ref = ? AND previews_block IS NOT NULL",
  );
  const placeOfFull = (row: Row) => {
    const found = find.get(integerIn(row, "ref"));
    return found && placeIn(found, "previews_");
  };
  return (row) => {
    const stored = storedIn(row);
    const bare = bareInfoOf(row, stored);
    const read = (): Previews => {
      const named = stored instanceof Uint8Array ? undefined : stored.previews;
      const place = named ?? (bare.sealed ? placeOfFull(row) : undefined);
      if (place !== undefined) return previewsIn(blocks.piece(place));
      return { requestPreview: bare.requestPreview, responsePreview: bare.responsePreview };
    };
    let previews: Previews | undefined;
    return {
      bare,
      previews() {
        previews ??= read();
        return previews;
      },
    };
  };
}

/** The same, but for the previews that are stored elsewhere, of a row that has {@link INFO_COLUMNS}. */
export function bareInfoIn(row: Row): TraceInfo {
  return bareInfoOf(row, storedIn(row));
}

function bareInfoOf(row: Row, stored: StoredInfo | Uint8Array): TraceInfo {
  if (stored instanceof Uint8Array) return TraceInfo.decode(stored);
  const { usage, cost, linkedTraceIds } = stored;
  const name = textIn(row, "name");
  const metadata = { ...stored.metadata };
  addSet(metadata, namedOf(stored));
  addSet(metadata, computedMetadataOf(usage, cost));
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
    metadata,
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

/** What the column has. What an older version has written is whole: a serialized TraceInfo. */
function storedIn(row: Row): StoredInfo | Uint8Array {
  const bytes = unpack(bytesIn(row, "info"));
  return bytes[0] === TRACE_INFO_BEGINS ? bytes : StoredInfo.decode(new WordReader(bytes));
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

/** Adds those that are set. */
function addSet(texts: Record<string, string>, values: Readonly<Record<string, string | undefined>>): void {
  for (const key of Object.keys(values)) {
    const value = values[key];
    if (value !== undefined) texts[key] = value;
  }
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
