import { DEFAULT_WORKSPACE } from "#lib/auth/identity.ts";
import type { Config } from "#lib/config/schema.ts";

/** What goes where, by workspace. Plain data, so that it may go to another thread. */
export type ForwardRoutes = ReadonlyMap<string, WorkspaceRoutes>;

/** What of a workspace goes where: destinations by their names. */
export interface WorkspaceRoutes {
  /** Those that get every mirror, as it arrives. */
  readonly mirrors: readonly string[];
  /** Those that get every trace of an experiment, by the experiment's name. */
  readonly experiments: ReadonlyMap<string, readonly string[]>;
}

/** Of a workspace that has no routes. */
export const NO_ROUTES: WorkspaceRoutes = { mirrors: [], experiments: new Map() };

/** The routes of a configuration. */
export function forwardRoutesOf({
  traceWriter,
  workspaces,
}: Pick<Config, "traceWriter" | "workspaces">): ForwardRoutes {
  const { mirrors, experiments } = traceWriter;
  const all = [{ name: DEFAULT_WORKSPACE, mirrors }, ...workspaces];
  const routes = all.map(({ name: workspace, mirrors: { forwardTo } }): readonly [string, WorkspaceRoutes] => {
    const own = experiments.filter((experiment) => experiment.workspace === workspace);
    return [workspace, { mirrors: forwardTo, experiments: new Map(own.map((each) => [each.name, each.forwardTo])) }];
  });
  return new Map(routes.filter(([, { mirrors: to, experiments: own }]) => to.length > 0 || own.size > 0));
}
