import { TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import { TraceClaim } from "#proto/twinspan/trace/v1/trace_claim.ts";
import type { Facet } from "../../core/search/trace-facets.ts";
import { bigints, booleans, byteas, integers, texts, uuids } from "./arrays.ts";
import type { Connection, Parameter } from "./database.ts";
import type { HeldTrace } from "./held-trace.ts";
import { Overtaken } from "./overtaken.ts";
import { packLarge } from "./pack-large.ts";
import { factsOf } from "./trace-rows.ts";

/** The columns of a trace, their types in arrays, and what a cast makes of an element. */
const COLUMNS = [
  ["ref", "bigint"],
  ["workspace", "text"],
  ["trace_id", "uuid"],
  ["version", "integer"],
  ["experiment_id", "bigint"],
  ["start_ns", "bigint"],
  ["duration_ns", "bigint"],
  ["state", "integer"],
  ["sealed", "boolean"],
  ["name", "bytea"],
  ["facets", "text", "::uuid[]"],
  ["bytes", "bigint"],
  ["days", "text", "::integer[]"],
  ["mirror_ref", "bigint"],
  ["mirror_span", "bytea"],
  ["mirror_start_ns", "bigint"],
  ["claim", "bytea"],
  ["claim_experiment_id", "bigint"],
  ["facts", "bytea"],
  ["info", "bytea"],
] as const;
const NAMES = COLUMNS.map(([name]) => name).join(", ");
const VALUES = COLUMNS.map(([name, , cast = ""]) => `r.${name}${cast}`).join(", ");
const ROWS = `unnest(${COLUMNS.map(([, type], index) => `$${index + 1}::${type}[]`).join(", ")}) AS r(${NAMES})`;
const SET = COLUMNS.slice(3)
  .map(([name, , cast = ""]) => `${name} = r.${name}${cast}`)
  .join(", ");
/** The transaction at hand, as what has changed is counted by. */
const CHANGED = "(SELECT base FROM change_base) + pg_current_xact_id()::text::bigint";

/** Writes traces that were summed up, new ones and others. Rejects with {@link Overtaken}. */
export async function writeTraces(
  connection: Connection,
  changed: readonly HeldTrace[],
  facetKeyOf: (facet: Facet) => string,
): Promise<void> {
  const isNew = ({ version }: HeldTrace) => version === 0;
  const inserted = changed.filter(isNew);
  if (inserted.length > 0) {
    const sql = `INSERT INTO traces (${NAMES}, changed) SELECT ${VALUES}, ${CHANGED} FROM ${ROWS} ON CONFLICT DO NOTHING`;
    const written = await connection.write(sql, columnsOf(inserted, facetKeyOf));
    if (written < inserted.length) throw new Overtaken("another writer has made the trace");
  }
  const updated = changed.filter((trace) => !isNew(trace));
  if (updated.length > 0) {
    const sql = `UPDATE traces t SET ${SET}, changed = ${CHANGED} FROM ${ROWS} WHERE t.ref = r.ref`;
    const written = await connection.write(sql, columnsOf(updated, facetKeyOf));
    if (written < updated.length) throw new Overtaken("another writer has removed the trace");
  }
}

function columnsOf(traces: readonly HeldTrace[], facetKeyOf: (facet: Facet) => string): Parameter[] {
  const each = traces.map((trace) => {
    const { summary } = trace;
    if (summary === undefined) throw new Error("a trace is written that was not summed up");
    return { ...summary, trace };
  });
  return [
    bigints(each.map(({ trace }) => trace.ref)),
    texts(each.map(({ trace }) => trace.workspace)),
    uuids(each.map(({ trace }) => trace.traceId)),
    integers(each.map(({ trace }) => nextVersionOf(trace))),
    bigints(each.map(({ experiment }) => experiment?.id)),
    bigints(each.map(({ info }) => info.startTimeUnixNano)),
    bigints(each.map(({ info }) => info.durationNanos)),
    integers(each.map(({ info }) => info.state)),
    booleans(each.map(({ trace }) => trace.sealed)),
    byteas(each.map(({ info }) => Buffer.from(info.name))),
    texts(each.map(({ facets }) => `{${facets.map(facetKeyOf).join()}}`)),
    bigints(each.map(({ trace }) => trace.bytes)),
    texts(each.map(({ trace }) => `{${daysOf(trace).join()}}`)),
    bigints(each.map(({ trace }) => trace.mirror?.ref)),
    byteas(each.map(({ trace }) => trace.mirror && Buffer.from(trace.mirror.spanId, "hex"))),
    bigints(each.map(({ trace }) => trace.mirror?.startNs)),
    byteas(each.map(({ trace }) => trace.claim && TraceClaim.encode(trace.claim.claim).finish())),
    bigints(each.map(({ trace }) => trace.claim?.experiment.id)),
    byteas(each.map(({ trace, facets }) => factsOf(trace, facets))),
    byteas(each.map(({ info }) => packLarge(TraceInfo.encode(info).finish()))),
  ];
}

/** The version that a trace has once it is written. */
export function nextVersionOf({ version }: HeldTrace): number {
  return (version % VERSION_MAX) + 1;
}
const VERSION_MAX = 2 ** 31 - 2;

function daysOf({ spans }: HeldTrace): readonly number[] {
  return [...new Set(Array.from(spans?.chunks.values() ?? [], ({ day }) => day))];
}
