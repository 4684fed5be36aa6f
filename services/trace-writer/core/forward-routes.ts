import type { Config } from "#lib/config/schema.ts";

/** What goes where: destinations by their names. Plain data, so that it may go to another thread. */
export interface ForwardRoutes {
  /** Those that get every mirror, as it arrives. */
  readonly mirrors: readonly string[];
  /** Those that get every trace of an experiment, by the experiment's name. */
  readonly experiments: ReadonlyMap<string, readonly string[]>;
}

/** The routes of a configuration. */
export function forwardRoutesOf({ mirrors, experiments }: Config["traceWriter"]): ForwardRoutes {
  return {
    mirrors: mirrors.forwardTo,
    experiments: new Map(experiments.map(({ name, forwardTo }) => [name, forwardTo])),
  };
}
