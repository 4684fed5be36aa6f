import { parseExperimentId } from "../../core/experiments/experiment-name.ts";
import type { NamedExperiment } from "../../core/spans/span-row.ts";
import { integerIn, textIn } from "../columns.ts";
import type { Connection } from "./database.ts";
import { experimentIn, experimentRows } from "./experiment-rows.ts";
import type { HeldExperiments } from "./held.ts";
import type { HeldTrace } from "./held-trace.ts";
import type { NamedChoice } from "./touched.ts";

/** Reads the experiments that a commit needs, each once. */
export interface ExperimentLoader {
  readonly held: HeldExperiments;
  /** One that was read, by its id. */
  named(id: bigint): NamedExperiment | undefined;
  /** Reads these, too. */
  also(ids: readonly bigint[]): Promise<void>;
  /**
   * Reads those that the spans of traces name. Returns the traces whose spans bear a name that has changed since they
   * were read.
   */
  checkNames(traces: readonly HeldTrace[]): Promise<readonly bigint[]>;
}

/** Begins with those that are chosen. For each name that nobody has, an id is set aside. */
export async function startExperimentLoader(
  connection: Connection,
  chosen: Iterable<NamedChoice>,
): Promise<ExperimentLoader> {
  const held: HeldExperiments = { byId: new Map(), byName: new Map(), ids: [] };
  const ids: bigint[] = [];
  const names: { readonly workspace: string; readonly name: string }[] = [];
  for (const { workspace, choice } of chosen) {
    const id = choice.$case === "id" ? parseExperimentId(choice.value) : undefined;
    if (id !== undefined) ids.push(id);
    if (choice.$case === "name") names.push({ workspace, name: choice.value });
  }
  const read = async (wanted: readonly bigint[], wantedNames: typeof names) => {
    for (const row of await experimentRows(connection, wanted, wantedNames)) {
      const workspace = textIn(row, "workspace");
      const found = { workspace, experiment: experimentIn(row), isNew: false, change: {} };
      held.byId.set(integerIn(row, "id"), { ...found });
      held.byName.set(`${workspace}\n${found.experiment.name}`, held.byId.get(integerIn(row, "id")) ?? { ...found });
    }
  };
  await read(ids, names);
  const missing = names.filter(({ workspace, name }) => !held.byName.has(`${workspace}\n${name}`));
  if (missing.length > 0) {
    const free = await connection.rows(
      "SELECT nextval(pg_get_serial_sequence('experiments', 'id')) AS id FROM generate_series(1, $1)",
      [missing.length],
    );
    held.ids.push(...free.map((row) => integerIn(row, "id")));
  }
  const also = async (wanted: readonly bigint[]) => {
    const unread = [...new Set(wanted)].filter((id) => !held.byId.has(id));
    if (unread.length > 0) await read(unread, []);
  };
  const named = (id: bigint) => {
    const found = held.byId.get(id);
    return found && { id, name: found.experiment.name };
  };
  return {
    held,
    named,
    also,
    async checkNames(traces) {
      const namesOf = new Map(traces.map((trace) => [trace.ref, experimentsOf(trace)]));
      await also([...namesOf.values()].flatMap((names) => [...names.keys()]));
      return [...namesOf].flatMap(([ref, names]) =>
        names.entries().some(([id, name]) => named(id)?.name !== name) ? ref : [],
      );
    },
  };
}

function experimentsOf({ spans }: HeldTrace): ReadonlyMap<bigint, string> {
  const names = new Map<bigint, string>();
  for (const { row } of spans?.byId.values() ?? []) {
    if (row.experiment !== undefined) names.set(row.experiment.id, row.experiment.name);
  }
  return names;
}
