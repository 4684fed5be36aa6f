import { ROLES, type Role } from "./role.ts";

/** The workspace that is there without being configured. */
export const DEFAULT_WORKSPACE = "default";

/** Who makes a call, as it was verified: nothing of it is what callers say of themselves. */
export interface Identity {
  /** What vouches for it. `nobody`: keys are off, and everyone may do everything. */
  readonly kind: "key" | "token" | "certificate" | "nobody";
  /**
   * The name of the key or the certificate in the configuration, or the token's subject: 1 to 128 printable characters.
   * No secret; traces, logs and limits name callers by it.
   */
  readonly name: string;
  /** Whose experiments, traces and endpoints it deals with. */
  readonly workspace: string;
  /** What it may do, those roles included that others bring with them. */
  readonly roles: ReadonlySet<Role>;
  /** The endpoints it may invoke, of those that its workspace may. Undefined: all of those. */
  readonly endpoints: ReadonlySet<string> | undefined;
  /** The experiment of the spans that it sends without naming one. Undefined: `Default`. */
  readonly defaultExperiment: string | undefined;
}

/** Whoever calls while keys are off. */
export const NOBODY: Identity = {
  kind: "nobody",
  name: "nobody",
  workspace: DEFAULT_WORKSPACE,
  roles: new Set(ROLES),
  endpoints: undefined,
  defaultExperiment: undefined,
};
