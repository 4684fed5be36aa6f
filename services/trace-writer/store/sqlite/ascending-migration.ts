/**
 * What is ordered by time goes up, as time does: what comes next is put behind the last, and pages are filled. Where it
 * went down, each page was cut in two when it was full, and stayed half empty. Read backwards, both say the same. It
 * takes some seconds for a million traces, and sorts on the disk.
 */
export const ASCENDING_MIGRATION = `
  DROP INDEX traces_owned;
  CREATE INDEX traces_owned ON traces (experiment_id, start_ns, trace_id DESC) WHERE experiment_id IS NOT NULL;
  DROP INDEX traces_pending;
  CREATE INDEX traces_pending ON traces (workspace, start_ns, trace_id DESC) WHERE experiment_id IS NULL AND start_ns > 0;
  DROP INDEX traces_by_state;
  CREATE INDEX traces_by_state ON traces (experiment_id, state, start_ns, trace_id DESC)
    WHERE state > 1 AND experiment_id IS NOT NULL;
  ALTER TABLE trace_facets RENAME TO trace_facets_descending;
  CREATE TABLE trace_facets (
    experiment_id INTEGER NOT NULL,
    value_id INTEGER NOT NULL,
    start_ns INTEGER NOT NULL,
    trace_ref INTEGER NOT NULL,
    PRIMARY KEY (experiment_id, value_id, start_ns, trace_ref)
  ) WITHOUT ROWID;
  INSERT INTO trace_facets SELECT * FROM trace_facets_descending ORDER BY experiment_id, value_id, start_ns, trace_ref;
  DROP TABLE trace_facets_descending;
`;
