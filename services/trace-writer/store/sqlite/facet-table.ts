import type { DatabaseSync } from "node:sqlite";
import type { Facet } from "../../core/search/trace-facets.ts";
import type { TraceSummary } from "../../core/traces/trace-summary.ts";
import { integerIn, type Row, textIn } from "../columns.ts";
import type { WorkingTrace } from "../commit/working-trace.ts";

/** The experiment under which pending traces are looked up. */
export const PENDING_ID = -1n;

/** What traces are looked up by, as the writer keeps it. */
export interface FacetTable {
  /** Brings what is stored of a trace up to what its summary says. Returns the ids of its values, ascending. */
  store(trace: WorkingTrace, summary: TraceSummary): readonly bigint[];
  /** Removes what is stored of a trace. Values that no trace has any more, such as a user's name, go with it. */
  remove(trace: WorkingTrace): void;
  /** Forgets the ids it knows: they may not be stored, after a rollback, or not any more, after another process wrote. */
  forget(): void;
}

/** So many values' ids are remembered; then all are forgotten. Most traces have the same few. */
const REMEMBERED_MAX = 10_000;

/** The table of facets of an open file. */
export function openFacetTable(db: DatabaseSync): FacetTable {
  const find = db.prepare("SELECT id FROM facet_values WHERE workspace = ? AND name = ? AND value = ?");
  const insert = db.prepare("INSERT INTO facet_values (workspace, name, value) VALUES (?, ?, ?) RETURNING id");
  const add = db.prepare("INSERT INTO trace_facets (experiment_id, value_id, start_ns, trace_ref) VALUES (?, ?, ?, ?)");
  const remove = db.prepare(
    "DELETE FROM trace_facets WHERE experiment_id = ? AND value_id = ? AND start_ns = ? AND trace_ref = ?",
  );
  const usedIn = db.prepare("SELECT 1 FROM trace_facets WHERE experiment_id = ? AND value_id = ? LIMIT 1");
  const usedAnywhere = db.prepare(`
    SELECT 1 FROM (SELECT id FROM experiments UNION ALL SELECT ${PENDING_ID}) AS scopes
    CROSS JOIN trace_facets ON trace_facets.experiment_id = scopes.id AND trace_facets.value_id = ? LIMIT 1`);
  const removeValue = db.prepare("DELETE FROM facet_values WHERE id = ?");
  const known = openKnownValues();
  const idOf = (workspace: string, { name, value }: Facet): bigint => {
    const remembered = known.get(workspace, name, value);
    if (remembered !== undefined) return remembered;
    const id = integerIn(find.get(workspace, name, value) ?? insert.get(workspace, name, value) ?? {}, "id");
    known.set(workspace, name, value, id);
    return id;
  };
  /** Looks first where it is likely. */
  const removeUnused = (id: bigint, likelyIn: bigint) => {
    if (usedIn.get(likelyIn, id) !== undefined || usedAnywhere.get(id) !== undefined) return;
    removeValue.run(id);
    known.clear();
  };
  return {
    store(trace, { info, facets, experiment }) {
      const before = { experiment: trace.experimentId ?? PENDING_ID, startNs: trace.startNs };
      const after = { experiment: experiment?.id ?? PENDING_ID, startNs: info.startTimeUnixNano };
      const ids = facets.map((facet) => idOf(trace.workspace, facet)).toSorted((a, b) => (a < b ? -1 : 1));
      if (trace.facetIds.length === 0) {
        for (const id of ids) add.run(after.experiment, id, after.startNs, trace.ref);
        return ids;
      }
      const stays = before.experiment === after.experiment && before.startNs === after.startNs;
      const kept = new Set(stays ? trace.facetIds : []);
      const wanted = new Set(ids);
      for (const id of trace.facetIds) {
        if (!(kept.has(id) && wanted.has(id))) remove.run(before.experiment, id, before.startNs, trace.ref);
      }
      for (const id of ids) if (!kept.has(id)) add.run(after.experiment, id, after.startNs, trace.ref);
      for (const id of trace.facetIds) if (!wanted.has(id)) removeUnused(id, after.experiment);
      return ids;
    },
    remove({ ref, experimentId, startNs, facetIds }) {
      const scope = experimentId ?? PENDING_ID;
      for (const id of facetIds) {
        remove.run(scope, id, startNs, ref);
        removeUnused(id, scope);
      }
    },
    forget: () => known.clear(),
  };
}

/** The ids of values, by workspace, name and value: they are not put together into one key for each look. */
function openKnownValues() {
  const names = new Map<string, Map<string, Map<string, bigint>>>();
  let count = 0;
  const clear = () => {
    names.clear();
    count = 0;
  };
  return {
    get: (workspace: string, name: string, value: string) => names.get(workspace)?.get(name)?.get(value),
    set(workspace: string, name: string, value: string, id: bigint) {
      if (count >= REMEMBERED_MAX) clear();
      count += 1;
      const ofWorkspace = names.get(workspace) ?? new Map<string, Map<string, bigint>>();
      const ofName = ofWorkspace.get(name) ?? new Map<string, bigint>();
      names.set(workspace, ofWorkspace.set(name, ofName.set(value, id)));
    },
    clear,
  };
}

/** The ids of a trace's values, as its row has them. */
export function facetIdsIn(row: Row): readonly bigint[] {
  const list = textIn(row, "facets");
  return list === "[]" ? [] : list.slice(1, -1).split(",").map(BigInt);
}
