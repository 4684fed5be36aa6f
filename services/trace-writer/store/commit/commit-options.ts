import { z } from "zod";
import type { ForwardRoutes } from "../../core/forwarding/forward-routes.ts";

/** What the rules of a commit are given, plain data that goes to a writer's thread. */
export interface CommitOptions {
  /** How many spans a trace has at the most; beyond it agents' spans are rejected. */
  readonly traceSpansMax: number;
  /** Where what is stored is to be forwarded. */
  readonly routes: ForwardRoutes;
}

const names = z.array(z.string());
const namesByName = z.map(z.string(), names);

/** The shape of {@link CommitOptions}, for who gets them from another thread. */
export const commitOptions = z.object({
  traceSpansMax: z.number(),
  routes: z.map(z.string(), z.object({ mirrors: names, keys: namesByName, experiments: namesByName })),
});
