import { integerIn, optionalIntegerIn, type Row, textIn } from "../columns.ts";
import { infoIn } from "../packed-info.ts";
import type { ChangePage, TraceSearch } from "../trace-reads.ts";
import { CHANGES_LOCK } from "./committer.ts";
import type { Connection } from "./database.ts";
import { passing } from "./trace-search.ts";

/**
 * The traces that have changed, as `TraceStore.changes` says, over a connection that sees one moment. A position is a
 * transaction, and a trace within it.
 *
 * Transactions end in another order than they begin in. So none is told of while an earlier one of ours may still end:
 * what it has changed would be passed over. Ours hold a lock by which those of others in the same server, which may
 * last for long, are told apart; so are those of another twinspan, in a database of its own.
 */
export async function readChanges(
  connection: Connection,
  workspace: string,
  { scope, filter }: Pick<TraceSearch, "scope" | "filter">,
  since: string | undefined,
  limit: number,
): Promise<ChangePage | undefined> {
  const [found = {}] = await connection.rows(HORIZON, [CHANGES_LOCK >> 32n, CHANGES_LOCK & 0xffff_ffffn]);
  const horizon = integerIn(found, "horizon");
  if (since === undefined) return { traces: [], position: `${horizon - 1n}.${REF_MAX}`, isEnd: true };
  const [, changed, ref] = POSITION.exec(since) ?? [];
  if (changed === undefined || ref === undefined) return undefined;
  const rows = await connection.rows(
    `SELECT ref, changed, workspace, experiment_id, days, info, facts FROM traces
      WHERE (changed, ref) > ($1, $2) AND changed < $3 ORDER BY changed, ref LIMIT $4`,
    [changed, ref, horizon, limit],
  );
  const isWithin = (row: Row) => {
    if (textIn(row, "workspace") !== workspace) return false;
    const experiment = optionalIntegerIn(row, "experiment_id");
    return scope.kind === "pending"
      ? experiment === undefined
      : experiment !== undefined && scope.ids.includes(experiment);
  };
  const told = await passing(connection, filter, rows.filter(isWithin));
  const last = rows.at(-1);
  return {
    traces: told.map((row) => infoIn(row)),
    position: last === undefined ? since : `${integerIn(last, "changed")}.${integerIn(last, "ref")}`,
    isEnd: rows.length < limit,
  };
}

const POSITION = /^(\d{1,18})\.(\d{1,18})$/;
/** Behind every trace of a transaction. */
const REF_MAX = 10n ** 18n - 1n;
/**
 * The first transaction that may still be running, of those that are not known to be somebody else's: the snapshot is
 * taken before the locks are looked at, so that one that ended in between counts as running. The locks are looked at
 * once: of one that ended between two looks it would be seen that it runs, and no more whose it is.
 */
const HORIZON = `
  WITH now AS MATERIALIZED (SELECT pg_current_snapshot() AS snapshot),
  locks AS MATERIALIZED (
    SELECT pid, locktype, mode, granted, transactionid, database, classid, objid FROM pg_locks, now
    WHERE locktype IN ('transactionid', 'advisory')
  ),
  others AS MATERIALIZED (
    SELECT held.transactionid::text::bigint AS xid FROM locks held
    WHERE held.locktype = 'transactionid' AND held.mode = 'ExclusiveLock' AND held.granted AND NOT EXISTS (
      SELECT 1 FROM locks ours WHERE ours.pid = held.pid AND ours.locktype = 'advisory'
        AND ours.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND ours.classid::bigint = $1::bigint AND ours.objid::bigint = $2::bigint)
  )
  SELECT (SELECT base FROM change_base) + coalesce(min(running.xid), pg_snapshot_xmax((SELECT snapshot FROM now))::text::bigint)
    AS horizon
  FROM now CROSS JOIN LATERAL (SELECT xip::text::bigint AS xid FROM pg_snapshot_xip(now.snapshot) AS xip) running
  WHERE running.xid & 4294967295 NOT IN (SELECT xid FROM others)`;
