/** What troubles an outbox, in one line. Undefined: nothing does. */
export function joined(troubles: readonly (string | undefined)[]): string | undefined {
  const told = troubles.filter((trouble) => trouble !== undefined);
  return told.length === 0 ? undefined : told.join("; ");
}

/** What an error says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
