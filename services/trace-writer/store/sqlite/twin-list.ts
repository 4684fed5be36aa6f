import type { DatabaseSync } from "node:sqlite";
import type { TraceKey } from "../../core/search/page-token.ts";
import { hexIn, idBytes, integerIn } from "../columns.ts";
import type { TracePage } from "../trace-reads.ts";
import type { BlockReads } from "./block-reads.ts";
import { INFO_COLUMNS, openInfos } from "./trace-info.ts";

/** The other twins of a trace, as `TraceStore.listTwins` says, within one transaction. */
export type ListTwins = (
  workspace: string,
  traceId: string,
  limit: number,
  after: TraceKey | undefined,
) => TracePage | undefined;

/** Prepares the look-ups of a file that is open for reading. */
export function openTwinList(db: DatabaseSync, blocks: BlockReads): ListTwins {
  const trace = db.prepare("SELECT ref, sealed FROM traces WHERE workspace = ? AND trace_id = ?");
  const infoOf = openInfos(db, blocks);
  const behind =
    "t.workspace = ?5 AND l.start_ns >= ?2 AND (l.start_ns > ?2 OR t.trace_id > ?3) ORDER BY l.start_ns, t.trace_id LIMIT ?4";
  const ofFull = db.prepare(`SELECT l.start_ns AS at, ${INFO_COLUMNS} FROM mirror_links l
    JOIN traces t ON t.ref = l.mirror_ref WHERE l.full_ref = ?1 AND ${behind}`);
  const ofMirrors = db.prepare(`SELECT l.start_ns AS at, ${INFO_COLUMNS}
    FROM mirror_links l INDEXED BY mirror_links_back CROSS JOIN traces t ON t.ref = l.full_ref
    WHERE l.mirror_ref = ?1 AND ${behind}`);
  return (workspace, traceId, limit, after) => {
    const found = trace.get(workspace, idBytes(traceId));
    if (found === undefined) return undefined;
    const twins = integerIn(found, "sealed") === 1n ? ofFull : ofMirrors;
    const behindId = idBytes(after?.traceId ?? "");
    const rows = twins.all(integerIn(found, "ref"), after?.at ?? 0n, behindId, limit + 1, workspace);
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    return {
      traces: rows.slice(0, limit).map(infoOf),
      next: last && { at: integerIn(last, "at"), traceId: hexIn(last, "trace_id") },
    };
  };
}
