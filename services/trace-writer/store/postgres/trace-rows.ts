import { StoredFacts } from "#proto/twinspan/store/v1/stored_facts.ts";
import { TraceClaim } from "#proto/twinspan/trace/v1/trace_claim.ts";
import type { Facet } from "../../core/search/trace-facets.ts";
import type { TagEdits } from "../../core/traces/trace-tags.ts";
import { bytesIn, hexIn, integerIn, optionalIntegerIn, optionalTextIn, type Row, textIn } from "../columns.ts";
import type { HeldLink, HeldTrace } from "./held-trace.ts";

/** The columns of a trace `t` that a commit holds. What the others say is looked up with each row, as it is then. */
export const HELD_COLUMNS = `
  t.ref, t.workspace, t.trace_id, t.version, t.experiment_id, t.start_ns, t.sealed, t.bytes, t.days, t.facts, t.claim,
  t.claim_experiment_id, (SELECT name FROM experiments WHERE id = t.claim_experiment_id) AS claim_experiment_name,
  t.mirror_ref, t.mirror_span, t.mirror_start_ns, (SELECT m.trace_id FROM traces m WHERE m.ref = t.mirror_ref) AS mirror_id`;

/** A trace of a row that has {@link HELD_COLUMNS}. Its spans are not read. */
export function heldTraceIn(row: Row): HeldTrace {
  const { metadata, recordHash, tagEdits } = StoredFacts.decode(bytesIn(row, "facts"));
  const claimId = optionalIntegerIn(row, "claim_experiment_id");
  const bytes = integerIn(row, "bytes");
  return {
    ref: integerIn(row, "ref"),
    workspace: textIn(row, "workspace"),
    traceId: uuidIn(row, "trace_id"),
    version: numberIn(row, "version"),
    days: numbersIn(row, "days"),
    mirror: linkIn(row),
    spans: undefined,
    summary: undefined,
    sealed: row["sealed"] === true,
    metadata,
    recordHash,
    claim:
      claimId === undefined
        ? undefined
        : {
            claim: TraceClaim.decode(bytesIn(row, "claim")),
            experiment: { id: claimId, name: textIn(row, "claim_experiment_name") },
          },
    tagEdits: Object.fromEntries(tagEdits.map(({ key, value }) => [key, value ?? null])),
    experimentId: optionalIntegerIn(row, "experiment_id"),
    startNs: integerIn(row, "start_ns"),
    bytes,
    countedBytes: bytes,
    facetIds: [],
    known: undefined,
    changed: false,
  };
}

/** What is stored of a trace beside its spans, as a column holds it. */
export function factsOf(
  {
    metadata,
    recordHash,
    tagEdits,
  }: { metadata: Readonly<Record<string, string>>; recordHash: string | undefined; tagEdits: TagEdits },
  facets: readonly Facet[],
): Uint8Array {
  return StoredFacts.encode({
    metadata: { ...metadata },
    recordHash,
    tagEdits: Object.entries(tagEdits).map(([key, value]) => ({ key, value: value ?? undefined })),
    facets: [...facets],
  }).finish();
}

/** What a trace is looked up by, of a row that has `facts`. */
export function facetsIn(row: Row): readonly Facet[] {
  return StoredFacts.decode(bytesIn(row, "facts")).facets;
}

/** An id that is stored as a UUID, in hex digits. */
export function uuidIn(row: Row, column: string): string {
  return textIn(row, column).replaceAll("-", "");
}

/** The integer of a column of 32 bits or less. */
export function numberIn(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== "number") throw new Error(`column ${column} does not hold a number`);
  return value;
}

/** Likewise an array of them. */
export function numbersIn(row: Row, column: string): readonly number[] {
  const value = row[column];
  if (!Array.isArray(value)) throw new Error(`column ${column} does not hold an array`);
  return value.filter((item) => typeof item === "number");
}

function linkIn(row: Row): HeldLink | undefined {
  const ref = optionalIntegerIn(row, "mirror_ref");
  const mirrorId = optionalTextIn(row, "mirror_id");
  if (ref === undefined || mirrorId === undefined) return undefined;
  return {
    ref,
    traceId: mirrorId.replaceAll("-", ""),
    spanId: hexIn(row, "mirror_span"),
    startNs: integerIn(row, "mirror_start_ns"),
  };
}
