/**
 * What searches need: what is compared and ordered by in columns of `traces`, and the values that traces are looked up
 * by. `facet_values` names each value once; `trace_facets` has the traces of a value by start, newest first, apart for
 * each experiment (-1: the pending ones), so that a look-up reads what it answers and nothing else. Traces that
 * succeeded are in no index of states: those that failed are the ones that are looked for.
 *
 * What was stored before is filled in: endpoints and providers stand in the names of the gateway's spans.
 */
export const SEARCH_MIGRATION = `
  ALTER TABLE spans ADD COLUMN endpoint TEXT;
  ALTER TABLE spans ADD COLUMN provider TEXT;
  ALTER TABLE spans ADD COLUMN first_token_ns INTEGER;
  ALTER TABLE traces ADD COLUMN duration_ns INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE traces ADD COLUMN state INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE traces ADD COLUMN name TEXT NOT NULL DEFAULT '';
  ALTER TABLE traces ADD COLUMN facets TEXT NOT NULL DEFAULT '[]';
  CREATE TABLE facet_values (
    id INTEGER PRIMARY KEY,
    workspace TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    UNIQUE (workspace, name, value)
  );
  CREATE TABLE trace_facets (
    experiment_id INTEGER NOT NULL,
    value_id INTEGER NOT NULL,
    start_ns INTEGER NOT NULL,
    trace_ref INTEGER NOT NULL,
    PRIMARY KEY (experiment_id, value_id, start_ns DESC, trace_ref)
  ) WITHOUT ROWID;

  UPDATE spans SET endpoint = substr(name, 9) WHERE origin IN ('full-gateway', 'mirror-gateway');
  UPDATE spans SET provider = substr(name, 7, instr(substr(name, 7), '/') - 1)
    WHERE origin IN ('full-attempt', 'mirror-attempt');
  UPDATE traces SET (duration_ns, state, name) = (
    SELECT max(end_ns) OVER () - min(start_ns) OVER (), CASE WHEN parent_id IS NOT NULL THEN 3 WHEN failed THEN 2 ELSE 1 END, name
    FROM spans WHERE trace_ref = ref ORDER BY parent_id IS NOT NULL, start_ns, span_id LIMIT 1
  ) WHERE start_ns > 0;
  CREATE TEMP TABLE found AS
    SELECT DISTINCT trace_ref, 'endpoint' AS name, endpoint AS value FROM spans WHERE endpoint IS NOT NULL
    UNION SELECT trace_ref, 'provider', provider FROM spans WHERE provider IS NOT NULL
    UNION SELECT trace_ref, 'model', request_model FROM spans WHERE llm AND request_model IS NOT NULL
    UNION SELECT trace_ref, 'model', response_model FROM spans WHERE llm AND response_model IS NOT NULL
    UNION SELECT ref, CASE key WHEN 'mlflow.gateway.caller' THEN 'caller' WHEN 'mlflow.trace.session' THEN 'session'
        WHEN 'mlflow.trace.user' THEN 'user' ELSE 'metadata.' || key END, value
      FROM traces, json_each(traces.metadata) WHERE start_ns > 0 AND value <> '';
  INSERT INTO found SELECT ref, 'session', said FROM (
    SELECT ref, (SELECT session FROM spans WHERE trace_ref = ref AND session IS NOT NULL
      ORDER BY parent_id IS NOT NULL, start_ns, span_id LIMIT 1) AS said
    FROM traces WHERE metadata NOT LIKE '%"mlflow.trace.session"%') WHERE said IS NOT NULL;
  INSERT INTO found SELECT ref, 'user', said FROM (
    SELECT ref, (SELECT user FROM spans WHERE trace_ref = ref AND user IS NOT NULL
      ORDER BY parent_id IS NOT NULL, start_ns, span_id LIMIT 1) AS said
    FROM traces WHERE metadata NOT LIKE '%"mlflow.trace.user"%') WHERE said IS NOT NULL;
  INSERT INTO facet_values (workspace, name, value)
    SELECT DISTINCT workspace, found.name, value FROM found JOIN traces ON ref = trace_ref;
  INSERT INTO trace_facets SELECT coalesce(experiment_id, -1), facet_values.id, start_ns, ref
    FROM found JOIN traces ON ref = trace_ref
    JOIN facet_values ON facet_values.workspace = traces.workspace AND facet_values.name = found.name
      AND facet_values.value = found.value;
  CREATE INDEX temp.found_by_trace ON found (trace_ref);
  UPDATE traces SET facets = coalesce((
    SELECT json_group_array(facet_values.id) FROM found JOIN facet_values ON facet_values.workspace = traces.workspace
      AND facet_values.name = found.name AND facet_values.value = found.value WHERE trace_ref = ref), '[]')
    WHERE start_ns > 0;
  DROP TABLE found;

  CREATE INDEX traces_by_duration ON traces (experiment_id, duration_ns DESC, trace_id) WHERE start_ns > 0;
  CREATE INDEX traces_by_state ON traces (experiment_id, state, start_ns DESC, trace_id) WHERE state > 1;
`;
