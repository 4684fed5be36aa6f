/** A table, apart from where it is kept. */
export interface Table {
  readonly name: string;
  readonly columns: string;
  /** What `ReplacingMergeTree` takes: the version, and what marks a row as gone. */
  readonly replacedBy: string;
  readonly orderBy: string;
  /** Of a cluster: what decides which shard a row is on. */
  readonly shardBy: string;
  readonly settings: string;
}

/** Parts that a mutation has replaced are removed within seconds, not eight minutes: some hold what was deleted. */
const SETTINGS = "old_parts_lifetime = 1, cleanup_delay_period = 1, max_cleanup_delay_period = 5";
/** Traces are looked up one by one: small granules are read faster. */
const NARROW = `${SETTINGS}, index_granularity = 256`;

/**
 * The tables, as of the first version of the schema.
 *
 * - `facts`: what was written, and is never changed: a row is a full trace, a mirror, spans that came together, a
 *   claim, an edit of tags, a deletion … (`Fact`). All that is read of one trace follows from its rows, which one
 *   look-up by the primary key finds. `home` is the same for both halves of a record, whosever workspaces they are in,
 *   so that they are on one shard, in one block. The experiment that was named with a fact is there by the name it had
 *   then, since rules compare names.
 * - `traces`: what lists show of each trace, ready made from its facts. The key is where a list has it, so a trace that
 *   moves gets another row, and a row that says `gone` under the old key; both in one block.
 * - `start_key` is the start, negated: ClickHouse reads the newest first without sorting.
 */
export const TABLES: readonly Table[] = [
  {
    name: "facts",
    columns: `
      workspace LowCardinality(String),
      trace_id FixedString(16),
      kind Enum8('full' = 1, 'mirror' = 2, 'spans' = 3, 'claim' = 4, 'tags' = 5, 'unlink' = 6, 'deleted' = 7, 'listing' = 8, 'erasable' = 9),
      fact_id UInt64,
      version UInt64,
      home FixedString(16),
      listed_experiment Int64,
      listed_start Int64,
      experiment_id Int64,
      experiment_name LowCardinality(String),
      about String CODEC(ZSTD(1)),
      stored_bytes UInt64,
      bytes String CODEC(ZSTD(3)),
      payload String CODEC(ZSTD(3)),
      written DateTime64(3) DEFAULT now64(3),
      INDEX written_minmax written TYPE minmax GRANULARITY 1,
      INDEX kind_set kind TYPE set(16) GRANULARITY 4`,
    replacedBy: "version",
    orderBy: "(workspace, trace_id, kind, fact_id)",
    shardBy: "cityHash64(home)",
    settings: NARROW,
  },
  {
    name: "traces",
    columns: `
      workspace LowCardinality(String),
      experiment_id Int64,
      start_key Int64,
      trace_id FixedString(16),
      version UInt64,
      gone UInt8,
      home FixedString(16),
      duration_ns Int64,
      state UInt8,
      name String,
      sealed UInt8,
      stored_bytes UInt64,
      facets Array(String),
      info String CODEC(ZSTD(1)),
      calls String CODEC(ZSTD(1)),
      changed DateTime64(6) DEFAULT now64(6),
      INDEX changed_minmax changed TYPE minmax GRANULARITY 1,
      INDEX facets_bloom facets TYPE bloom_filter(0.01) GRANULARITY 4,
      INDEX state_set state TYPE set(8) GRANULARITY 4`,
    replacedBy: "version, gone",
    orderBy: "(workspace, experiment_id, start_key, trace_id)",
    shardBy: "cityHash64(home)",
    settings: `${SETTINGS}, index_granularity = 1024`,
  },
  {
    name: "experiments",
    columns: `
      workspace LowCardinality(String),
      id Int64,
      version UInt64,
      name String,
      created_ms Int64`,
    replacedBy: "version",
    orderBy: "(workspace, id)",
    shardBy: "cityHash64(workspace)",
    settings: NARROW,
  },
  {
    name: "forwards",
    columns: `
      destination LowCardinality(String),
      seq Int64,
      version UInt8,
      gone UInt8,
      workspace LowCardinality(String),
      trace_id FixedString(16),
      chunk Int64,
      without_mirrors UInt8,
      spans UInt32,
      added_ms Int64`,
    replacedBy: "version, gone",
    orderBy: "(destination, seq)",
    shardBy: "cityHash64(destination)",
    settings: `${SETTINGS}, index_granularity = 1024`,
  },
];
