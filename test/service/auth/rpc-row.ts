import type { Role } from "#lib/auth/role.ts";

/** What there is in the workspace `home`, and nowhere else. */
export interface Home {
  readonly endpoint: string;
  readonly experiment: string;
  readonly experimentId: string;
  /** A full trace: `tr-…`. */
  readonly full: string;
  /** An agent's trace with a mirror. */
  readonly agent: string;
}

/** An RPC, and what comes of it. */
export interface RpcRow {
  readonly service: "gateway" | "traceWriter";
  /** Who may: one of these suffices. `anyone`: also who shows no key. */
  readonly roles: readonly Role[] | "anyone";
  readonly request: (home: Home) => Uint8Array;
  /** What a key of the workspace gets that may: a status, and whether anything of `home` is in the answer. */
  readonly own: string;
  /** What a key of another workspace gets that may. */
  readonly foreign: string;
  /** What a key of another workspace gets that may not. Default: PERMISSION_DENIED. */
  readonly foreignDenied?: string;
}

/** A request that says nothing. */
export const NOTHING = new Uint8Array();

/** What everyone may ask. */
export const OPEN = { roles: "anyone", own: "OK", foreign: "OK" } as const;
