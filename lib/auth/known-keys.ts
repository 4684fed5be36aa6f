import type { Config } from "../config/schema.ts";
import { keyFormOf, keyHashOf } from "./api-key.ts";
import type { Identity } from "./identity.ts";
import { refusedCredential } from "./refusal.ts";
import { withIncluded } from "./role.ts";

type KeyOptions = Exclude<NonNullable<Config["auth"]>, "none">["keys"][number];

/** Finds out whose a key is. Throws a ServiceError: `unauthenticated`, with the reason. */
export type IdentifyKey = (key: string, nowMs: number) => Identity;

interface KnownKey {
  readonly expiresMs: number;
  readonly identity: Identity;
}

/**
 * The keys of a configuration. A key is looked up by its hash, which nobody can steer towards another's: how long it
 * takes says nothing about the keys there are.
 */
export function createKnownKeys(keys: readonly KeyOptions[]): IdentifyKey {
  const known = new Map(keys.map((options) => [options.hash, knownKeyOf(options)]));
  return (key, nowMs) => {
    const found = known.get(keyHashOf(key));
    if (found === undefined) {
      const isMistyped = keyFormOf(key) === "wrong";
      throw refusedCredential(
        "unknown",
        isMistyped
          ? "The key is cut or mistyped: its checksum is wrong."
          : "The key is not known here, or was revoked.",
      );
    }
    if (nowMs >= found.expiresMs) throw refusedCredential("expired", "The key has expired. Ask for a new one.");
    return found.identity;
  };
}

function knownKeyOf({ name, workspace, roles, endpoints, defaultExperiment, expires }: KeyOptions): KnownKey {
  return {
    expiresMs: expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(expires),
    identity: {
      kind: "key",
      name,
      workspace,
      roles: withIncluded(roles),
      endpoints: endpoints && new Set(endpoints),
      defaultExperiment,
    },
  };
}
