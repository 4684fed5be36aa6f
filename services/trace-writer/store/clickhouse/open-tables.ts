import type { Connection } from "./connection.ts";
import { type ExperimentTable, openExperimentTable } from "./experiment-table.ts";
import { type FactTable, openFactTable } from "./fact-table.ts";
import { type ForwardTable, openForwardTable } from "./forward-table.ts";
import { type ListingTable, openListingTable } from "./listing-table.ts";
import type { ClusterName } from "./schema.ts";

/** The tables of a ClickHouse. */
export interface Tables {
  readonly experiments: ExperimentTable;
  readonly facts: FactTable;
  readonly listings: ListingTable;
  readonly forwards: ForwardTable;
}

export function openTables(connection: Connection, cluster: ClusterName): Tables {
  return {
    experiments: openExperimentTable(connection),
    facts: openFactTable(connection),
    listings: openListingTable(connection),
    forwards: openForwardTable(connection, cluster),
  };
}
