/**
 * Spans that were stored together, and where their bytes are, and of a full trace its payload and
 * what lists show of that: in blocks, with those of others.
 * `voided` are the places, joined by commas, of spans that count no more. `stored_bytes` is what they take without the
 * payload. Of a block `pieces` counts what is in it still.
 */
export const BATCH_MIGRATION = `
  CREATE TABLE blocks (id INTEGER PRIMARY KEY, pieces INTEGER NOT NULL, bytes BLOB NOT NULL);
  CREATE TABLE batches (
    id INTEGER PRIMARY KEY,
    trace_ref INTEGER NOT NULL,
    experiment_id INTEGER,
    voided TEXT,
    stored_bytes INTEGER NOT NULL,
    block INTEGER NOT NULL,
    at INTEGER NOT NULL,
    length INTEGER NOT NULL,
    payload_block INTEGER,
    payload_at INTEGER,
    payload_length INTEGER,
    previews_block INTEGER,
    previews_at INTEGER,
    previews_length INTEGER
  );
  CREATE INDEX batches_of_trace ON batches (trace_ref);
`;

/**
 * What `moveIntoBatches` has emptied goes, and so does what stands in batches and in lists anyway, and what is pending
 * from the index of states: it is nearly all in progress. Experiments hold what their traces take now.
 */
export const BATCHES_MOVED_MIGRATION = `
  DROP TABLE spans;
  DROP TABLE chunks;
  DROP TABLE payloads;
  ALTER TABLE traces DROP COLUMN metadata;
  DROP INDEX traces_by_state;
  CREATE INDEX traces_by_state ON traces (experiment_id, state, start_ns DESC, trace_id)
    WHERE state > 1 AND experiment_id IS NOT NULL;
  DELETE FROM experiment_sizes;
  INSERT INTO experiment_sizes
    SELECT workspace, coalesce(experiment_id, -1), count(*), sum(bytes) FROM traces WHERE start_ns > 0 GROUP BY 1, 2;
`;
