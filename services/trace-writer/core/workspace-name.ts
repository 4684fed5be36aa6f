/** What a record must name its workspaces by. */
export const WORKSPACE_RULE = "must be at most 128 letters, digits, `.`, `_` or `-`, beginning with a letter or digit";

/** Whether a text may name a workspace. Empty: `default`. */
export function isWorkspaceName(name: string): boolean {
  return /^([A-Za-z0-9][A-Za-z0-9._-]{0,127})?$/.test(name);
}
