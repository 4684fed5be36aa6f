/** How a record must name what the configuration names: workspaces and keys. */
export const NAME_RULE = "must be at most 128 letters, digits, `.`, `_` or `-`, beginning with a letter or digit";

/** Whether a text may be such a name. Empty: the `default` workspace, or no key. */
export function isConfiguredName(name: string): boolean {
  return /^([A-Za-z0-9][A-Za-z0-9._-]{0,127})?$/.test(name);
}
