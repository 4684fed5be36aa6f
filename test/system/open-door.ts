import { Authority } from "#lib/auth/authority.ts";
import type { Door } from "#lib/rpc/check-rights.ts";

/** The door of a server that everyone may call. */
export function openDoor(): Door {
  return { authority: new Authority({ auth: "none", workspaces: [] }), onRefused() {} };
}
