import type { Facet } from "../../core/search/trace-facets.ts";
import { settingsBytesOf } from "../experiment-settings.ts";
import { bigints, booleans, byteas, integers, texts, uuids } from "./arrays.ts";
import { writeHours } from "./changed-hours.ts";
import type { Connection, Parameter } from "./database.ts";
import { millisecondsOf, PENDING_ID } from "./experiment-rows.ts";
import type { Held, HeldExperiment } from "./held.ts";
import type { HeldChanges } from "./held-changes.ts";
import type { HeldChunk, HeldTrace } from "./held-trace.ts";
import { Overtaken } from "./overtaken.ts";
import { packRows } from "./span-packing.ts";
import { writeTraces } from "./write-traces.ts";

export interface FlushOptions {
  /** The slot that this writer adds sizes up in, and counts changes of hours. */
  readonly slot: number;
  readonly facetKeyOf: (facet: Facet) => string;
}

/**
 * Writes what a commit has come to, in a few statements, within the transaction at hand; the order is the same for all
 * writers. Rejects with {@link Overtaken}.
 */
export async function flush(
  connection: Connection,
  held: Held,
  changes: HeldChanges,
  { slot, facetKeyOf }: FlushOptions,
): Promise<void> {
  await writeExperiments(connection, held);
  await removeChunks(connection, changes);
  const { removed } = changes;
  if (removed.length > 0) {
    await connection.write("DELETE FROM traces WHERE ref = ANY($1::bigint[])", [
      bigints(removed.map(({ ref }) => ref)),
    ]);
  }
  const changed = [...held.byRef.values()].filter(({ summary }) => summary !== undefined).toSorted(byKey);
  await writeTraces(connection, changed, facetKeyOf);
  await writeChunks(connection, changed);
  await writeForwards(connection, changes);
  await writeSizes(connection, changes, slot);
  await writeHours(connection, changes.hours, slot);
}

function byKey(a: HeldTrace, b: HeldTrace): number {
  if (a.workspace !== b.workspace) return a.workspace < b.workspace ? -1 : 1;
  return a.traceId < b.traceId ? -1 : 1;
}

async function writeExperiments(connection: Connection, { experiments }: Held): Promise<void> {
  const all = [...experiments.byId.values()];
  const created = all.filter(({ isNew }) => isNew).toSorted((a, b) => (a.experiment.name < b.experiment.name ? -1 : 1));
  if (created.length > 0) {
    const written = await connection.write(
      `INSERT INTO experiments (id, workspace, name, created_ms, settings)
        SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bytea[]) ON CONFLICT DO NOTHING`,
      [
        bigints(created.map(({ experiment }) => BigInt(experiment.id))),
        texts(created.map(({ workspace }) => workspace)),
        texts(created.map(({ experiment }) => experiment.name)),
        bigints(created.map(({ experiment }) => BigInt(millisecondsOf(experiment.createTime)))),
        byteas(created.map(({ experiment }) => settingsBytesOf(experiment.ownRetention))),
      ],
    );
    if (written < created.length) throw new Overtaken("another writer has created the experiment");
  }
  await writeRestored(
    connection,
    all.filter(({ isRestored }) => isRestored),
  );
  for (const { experiment, isNew, change } of all) {
    if (isNew) continue;
    const { name, ownRetention } = change;
    if (name !== undefined) {
      await connection.write("UPDATE experiments SET name = $2 WHERE id = $1", [experiment.id, name]);
    }
    if (ownRetention !== undefined) {
      const settings = settingsBytesOf(ownRetention);
      await connection.write("UPDATE experiments SET settings = $2 WHERE id = $1", [experiment.id, settings]);
    }
  }
}

/** Ids that are given out later are higher ones. */
async function writeRestored(connection: Connection, restored: readonly HeldExperiment[]): Promise<void> {
  if (restored.length === 0) return;
  const ids = restored.map(({ experiment }) => BigInt(experiment.id));
  await connection.write(
    `INSERT INTO experiments (id, workspace, name, created_ms, settings)
      SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bytea[])
      ON CONFLICT (id) DO UPDATE SET created_ms = EXCLUDED.created_ms, settings = EXCLUDED.settings`,
    [
      bigints(ids),
      texts(restored.map(({ workspace }) => workspace)),
      texts(restored.map(({ experiment }) => experiment.name)),
      bigints(restored.map(({ experiment }) => BigInt(millisecondsOf(experiment.createTime)))),
      byteas(restored.map(({ experiment }) => settingsBytesOf(experiment.ownRetention))),
    ],
  );
  await connection.rows(
    "SELECT setval(pg_get_serial_sequence('experiments', 'id'), greatest(max(id), $1)) FROM experiments",
    [ids.reduce((max, id) => (id > max ? id : max), 1n)],
  );
}

async function removeChunks(connection: Connection, { removed, emptied, gone }: HeldChanges): Promise<void> {
  const whole = new Set([...removed, ...emptied]);
  if (whole.size > 0) {
    await connection.write("DELETE FROM chunks WHERE day = ANY($1::integer[]) AND trace_ref = ANY($2::bigint[])", [
      integers([...new Set([...whole].flatMap(({ days }) => days))]),
      bigints(Array.from(whole, ({ ref }) => ref)),
    ]);
  }
  const single = gone.filter(({ chunk }) => chunk.spans === undefined);
  if (single.length > 0) {
    await connection.write(
      `DELETE FROM chunks WHERE day = ANY($1::integer[]) AND trace_ref = ANY($2::bigint[]) AND id = ANY($3::bigint[])`,
      [
        integers([...new Set(single.map(({ chunk }) => chunk.day))]),
        bigints(single.map(({ ref }) => ref)),
        bigints(single.map(({ chunk }) => chunk.id)),
      ],
    );
  }
}

async function writeChunks(connection: Connection, changed: readonly HeldTrace[]): Promise<void> {
  const all = changed.flatMap(({ ref, spans }) =>
    Array.from(spans?.chunks.values() ?? [], (chunk) => ({ ref, chunk })),
  );
  const added = all.filter(({ chunk }) => chunk.spans !== undefined);
  if (added.length > 0) {
    await connection.write(
      `INSERT INTO chunks (day, trace_ref, id, rows, spans, payload)
        SELECT * FROM unnest($1::integer[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bytea[], $6::bytea[])`,
      [
        ...keysOf(added),
        byteas(added.map(({ chunk }) => packRows(chunk.rows.values()))),
        byteas(added.map(({ chunk }) => chunk.spans)),
        byteas(added.map(({ chunk }) => chunk.payload)),
      ],
    );
  }
  const rewritten = all.filter(({ chunk }) => chunk.spans === undefined && chunk.changed);
  if (rewritten.length > 0) {
    await connection.write(
      `UPDATE chunks c SET rows = r.rows FROM unnest($1::integer[], $2::bigint[], $3::bigint[], $4::bytea[])
        AS r(day, trace_ref, id, rows) WHERE c.day = r.day AND c.trace_ref = r.trace_ref AND c.id = r.id`,
      [...keysOf(rewritten), byteas(rewritten.map(({ chunk }) => packRows(chunk.rows.values())))],
    );
  }
}

function keysOf(chunks: readonly { readonly ref: bigint; readonly chunk: HeldChunk }[]): Parameter[] {
  return [
    integers(chunks.map(({ chunk }) => chunk.day)),
    bigints(chunks.map(({ ref }) => ref)),
    bigints(chunks.map(({ chunk }) => chunk.id)),
  ];
}

async function writeForwards(connection: Connection, { forwards }: HeldChanges): Promise<void> {
  if (forwards.length === 0) return;
  await connection.write(
    `INSERT INTO forwards (destination, workspace, trace_id, chunk, without_mirrors, spans, added_ms)
      SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[], $4::bigint[], $5::boolean[], $6::integer[], $7::bigint[])`,
    [
      texts(forwards.map(({ wait }) => wait.destination)),
      texts(forwards.map(({ trace }) => trace.workspace)),
      uuids(forwards.map(({ trace }) => trace.traceId)),
      bigints(forwards.map(({ wait }) => wait.chunk)),
      booleans(forwards.map(({ wait }) => wait.withoutMirrors)),
      integers(forwards.map(({ wait }) => wait.spans)),
      bigints(forwards.map(({ nowMs }) => BigInt(nowMs))),
    ],
  );
}

/** Last, since others wait for these rows until the commit: those that have the same slot. */
async function writeSizes(connection: Connection, { sizes, touched }: HeldChanges, slot: number): Promise<void> {
  const rows = [...sizes.values()]
    .map(({ experimentId = PENDING_ID, ...change }) => ({ ...change, experimentId }))
    .filter(({ experimentId, traces, bytes }) => traces !== 0n || bytes !== 0n || touched.has(experimentId))
    .toSorted((a, b) =>
      a.workspace === b.workspace ? Number(a.experimentId - b.experimentId) : a.workspace < b.workspace ? -1 : 1,
    );
  if (rows.length === 0) return;
  await connection.write(
    `INSERT INTO experiment_sizes AS held (workspace, experiment_id, slot, traces, bytes, updated_ms)
      SELECT workspace, experiment_id, $6::smallint, traces, bytes, updated_ms
      FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
        AS r(workspace, experiment_id, traces, bytes, updated_ms)
      ON CONFLICT (workspace, experiment_id, slot) DO UPDATE SET traces = held.traces + EXCLUDED.traces,
        bytes = held.bytes + EXCLUDED.bytes, updated_ms = greatest(held.updated_ms, EXCLUDED.updated_ms)`,
    [
      texts(rows.map(({ workspace }) => workspace)),
      bigints(rows.map(({ experimentId }) => experimentId)),
      bigints(rows.map(({ traces }) => traces)),
      bigints(rows.map(({ bytes }) => bytes)),
      bigints(rows.map(({ experimentId }) => BigInt(touched.get(experimentId) ?? 0))),
      slot,
    ],
  );
}
