import { type StoredSpan, StoredSpanOrigin } from "#proto/twinspan/store/v1/stored_spans.ts";
import type { NamedExperiment, SpanOrigin, StoredSpanRow } from "../core/spans/span-row.ts";

/** A row, and its place among the spans that it was stored with. */
export interface PlacedRow {
  readonly row: StoredSpanRow;
  readonly position: number;
}

/** A row as a database holds it. */
export function storedSpanOf({ row, position }: PlacedRow): StoredSpan {
  return {
    position,
    spanId: Buffer.from(row.spanId, "hex"),
    parentId: row.parentId === undefined ? NO_BYTES : Buffer.from(row.parentId, "hex"),
    origin: STORED_ORIGINS.get(row.origin) ?? StoredSpanOrigin.STORED_SPAN_ORIGIN_UNSPECIFIED,
    experimentId: row.experiment?.id,
    startNs: row.startNs,
    endNs: row.endNs,
    failed: row.failed,
    name: row.name,
    llm: row.llm,
    endpoint: row.endpoint,
    provider: row.provider,
    requestModel: row.requestModel,
    responseModel: row.responseModel,
    responseId: row.responseId,
    usage: row.usage,
    cost: row.cost,
    firstTokenNs: row.firstTokenNs,
    session: row.session,
    user: row.user,
    requestPreview: row.requestPreview,
    responsePreview: row.responsePreview,
    contentHash: row.contentHash,
  };
}

/** A row, as the rules have it. An experiment that is gone counts as not named. */
export function placedRowOf(stored: StoredSpan, experiment: (id: bigint) => NamedExperiment | undefined): PlacedRow {
  const { position, spanId, parentId, experimentId, ...said } = stored;
  const row: StoredSpanRow = {
    endpoint: undefined,
    provider: undefined,
    requestModel: undefined,
    responseModel: undefined,
    responseId: undefined,
    firstTokenNs: undefined,
    session: undefined,
    user: undefined,
    ...said,
    usage: stored.usage,
    cost: stored.cost,
    spanId: spanId.toString("hex"),
    parentId: parentId.length === 0 ? undefined : parentId.toString("hex"),
    origin: originOf(stored),
    experiment: experimentId === undefined ? undefined : experiment(experimentId),
  };
  return { row, position };
}

/** Who wrote a span. */
export function originOf({ origin }: Pick<StoredSpan, "origin">): SpanOrigin {
  const found = ORIGINS.find(([, stored]) => stored === origin);
  if (found === undefined) throw new Error(`a stored span has the origin ${origin}`);
  return found[0];
}

const ORIGINS = [
  ["agent", StoredSpanOrigin.STORED_SPAN_ORIGIN_AGENT],
  ["mirror-gateway", StoredSpanOrigin.STORED_SPAN_ORIGIN_MIRROR_GATEWAY],
  ["mirror-attempt", StoredSpanOrigin.STORED_SPAN_ORIGIN_MIRROR_ATTEMPT],
  ["full-gateway", StoredSpanOrigin.STORED_SPAN_ORIGIN_FULL_GATEWAY],
  ["full-attempt", StoredSpanOrigin.STORED_SPAN_ORIGIN_FULL_ATTEMPT],
] as const satisfies readonly (readonly [SpanOrigin, StoredSpanOrigin])[];
const STORED_ORIGINS = new Map<SpanOrigin, StoredSpanOrigin>(ORIGINS);
const NO_BYTES = Buffer.alloc(0);
