import type { FactCommitter } from "./committer.ts";
import type { Connection } from "./connection.ts";

/** A trace-writer that ended between a commit's facts and its lists did so within the last so many seconds. */
const RECENT_S = 3600;
/** So many are listed at a time. */
const STEP_TRACES = 1000;

/** Finishes traces whose facts are newer than what lists have of them. A trace-writer does so when it starts. */
export async function finishRecent(connection: Connection, committer: FactCommitter): Promise<void> {
  const stale = await connection.query(
    `SELECT workspace, trace_id FROM (
      SELECT workspace, trace_id, max(version) AS fact_version FROM facts
      WHERE written > now() - ${RECENT_S} AND kind != 'erasable' GROUP BY workspace, trace_id
    ) AS f LEFT JOIN (
      SELECT workspace, trace_id, max(version) AS list_version FROM traces
      WHERE changed > now() - ${RECENT_S} GROUP BY workspace, trace_id
    ) AS t USING (workspace, trace_id)
    WHERE fact_version > list_version`,
    {},
    (reader) => ({ workspace: reader.text(), traceId: reader.id(16) }),
  );
  for (let at = 0; at < stale.length; at += STEP_TRACES) {
    await committer.finish(stale.slice(at, at + STEP_TRACES), Date.now());
  }
}
