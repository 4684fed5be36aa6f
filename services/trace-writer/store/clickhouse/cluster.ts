import type { QuerySettings } from "./connection.ts";

/** Several servers. */
export interface Cluster {
  /** Its name in ClickHouse's configuration. */
  readonly name: string;
  /** Whether a write is acknowledged by a majority of the replicas of its shard, and every read sees all that was. */
  readonly strict: boolean;
}

/** The settings of every query. Rows are on their shards before the writer is told, in any case. */
export function clusterSettingsOf(cluster: Cluster | undefined): QuerySettings {
  if (cluster === undefined) return {};
  const spread = { distributed_foreground_insert: 1, distributed_ddl_output_mode: "none" };
  return cluster.strict
    ? { ...spread, insert_quorum: "auto", insert_quorum_parallel: 0, select_sequential_consistency: 1 }
    : spread;
}
