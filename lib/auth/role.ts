/** What a key may be for. docs/keys.md says what each may do. */
export const ROLES = ["invoke", "write-traces", "read-traces", "read-payloads", "record", "admin"] as const;

/** A role of a key. */
export type Role = (typeof ROLES)[number];

/** The roles that a role brings with it. `record` comes with none: it is the only one that reaches beyond a workspace. */
const INCLUDED: Readonly<Record<Role, readonly Role[]>> = {
  invoke: [],
  "write-traces": [],
  "read-traces": [],
  "read-payloads": ["read-traces"],
  record: [],
  admin: ["invoke", "write-traces", "read-traces", "read-payloads"],
};

/** These roles, and those that they bring with them. */
export function withIncluded(roles: readonly Role[]): ReadonlySet<Role> {
  return new Set(roles.flatMap((role) => [role, ...INCLUDED[role]]));
}

/** Whether a word is a role. */
export function isRole(word: string): word is Role {
  return ROLES.some((role) => role === word);
}
