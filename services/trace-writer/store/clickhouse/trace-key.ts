import type { QueryValues } from "./connection.ts";

/** Names a trace: a workspace, and 32 hex digits. */
export interface TraceId {
  readonly workspace: string;
  readonly traceId: string;
}

/** A text that is equal when traces are. */
export function traceKeyOf({ workspace, traceId }: TraceId): string {
  return `${workspace}\n${traceId}`;
}

/** A condition in SQL that a row is of one of these traces. Ids go into the query as one text: thousands are parsed at once. */
export function isOneOf(traces: Iterable<TraceId>): { readonly sql: string; readonly values: QueryValues } {
  const byWorkspace = Map.groupBy(traces, ({ workspace }) => workspace);
  const values: Record<string, string> = {};
  const conditions = Array.from(byWorkspace, ([workspace, group], index) => {
    values[`workspace${index}`] = workspace;
    return `(workspace = {workspace${index}:String} AND trace_id IN (${idsIn(group)}))`;
  });
  return { sql: conditions.length === 0 ? "0" : `(${conditions.join(" OR ")})`, values };
}

function idsIn(group: readonly TraceId[]): string {
  const hex = group.map(({ traceId }) => traceId).join("");
  return `SELECT toFixedString(substring(unhex('${hex}'), 1 + number * 16, 16), 16) FROM numbers(${group.length})`;
}
