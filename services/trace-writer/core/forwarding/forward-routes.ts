import { DEFAULT_WORKSPACE } from "#lib/auth/identity.ts";
import type { Config } from "#lib/config/schema.ts";

/** What goes where, by workspace. Plain data, so that it may go to another thread. */
export type ForwardRoutes = ReadonlyMap<string, WorkspaceRoutes>;

/** What of a workspace goes where: destinations by their names. */
export interface WorkspaceRoutes {
  /** Those that get every mirror, as it arrives. */
  readonly mirrors: readonly string[];
  /** Those that get the mirrors of a caller's calls as well, as they arrive, by the name of its key or certificate. */
  readonly keys: DestinationsByName;
  /** Those that get every trace of an experiment, by the experiment's name. */
  readonly experiments: DestinationsByName;
}

type DestinationsByName = ReadonlyMap<string, readonly string[]>;

/** Of a workspace that has no routes. */
export const NO_ROUTES: WorkspaceRoutes = { mirrors: [], keys: new Map(), experiments: new Map() };

/** The routes of a configuration, to those of the destinations that there are. */
export function forwardRoutesOf(
  { auth, traceWriter, workspaces }: Pick<Config, "auth" | "traceWriter" | "workspaces">,
  destinations: ReadonlySet<string>,
): ForwardRoutes {
  const { mirrors, experiments } = traceWriter;
  const { keys, certificates } = typeof auth === "object" ? auth : { keys: [], certificates: [] };
  const there = (named: readonly string[]) => named.filter((name) => destinations.has(name));
  const callers = [...keys, ...certificates].map(({ name, workspace, mirrors: { forwardTo } }) => ({
    name,
    workspace,
    forwardTo: there(forwardTo),
  }));
  const filed = experiments.map((experiment) => ({ ...experiment, forwardTo: there(experiment.forwardTo) }));
  const all = [{ name: DEFAULT_WORKSPACE, mirrors }, ...workspaces];
  const routes = all.map(({ name: workspace, mirrors: { forwardTo } }): readonly [string, WorkspaceRoutes] => [
    workspace,
    {
      mirrors: there(forwardTo),
      keys: destinationsIn(workspace, callers),
      experiments: destinationsIn(workspace, filed),
    },
  ]);
  return new Map(routes.filter(([, { mirrors: to, keys: by, experiments: of }]) => to.length + by.size + of.size > 0));
}

/** Whoever names a destination, one workspace's. Two keys of one name are one caller. */
function destinationsIn(
  workspace: string,
  all: readonly { readonly name: string; readonly workspace: string; readonly forwardTo: readonly string[] }[],
): DestinationsByName {
  const own = all.filter((each) => each.workspace === workspace && each.forwardTo.length > 0);
  return new Map(
    Map.groupBy(own, ({ name }) => name)
      .entries()
      .map(([name, same]) => [name, [...new Set(same.flatMap(({ forwardTo }) => forwardTo))]] as const),
  );
}
