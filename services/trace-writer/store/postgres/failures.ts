import { Overtaken } from "./overtaken.ts";

/** Why a commit is tried again. */
export const RETRY_REASONS = ["overtaken", "serialization", "deadlock", "timeout", "connection"] as const;
export type RetryReason = (typeof RETRY_REASONS)[number];

/** What a failure means for a commit: to be tried again, nothing can be written for now, or a bug. */
export type FailureKind =
  | { readonly kind: "again"; readonly reason: RetryReason }
  | { readonly kind: "full" | "failed" };

/** PostgreSQL's codes, whole or their class, that mean that the same may go well later. */
const AGAIN: ReadonlyMap<string, RetryReason> = new Map([
  ["40001", "serialization"],
  ["40P01", "deadlock"],
  ["55P03", "timeout"],
  ["57014", "timeout"],
  // The server ends, starts, has no room for another connection, or has become a standby.
  ["57P", "connection"],
  ["53300", "connection"],
  ["25006", "connection"],
  ["08", "connection"],
]);
/** No room on the disk or in memory, an I/O error; and what an administrator has to set right. */
const FULL = ["53", "58", "28", "3D", "42501"] as const;
const NETWORK = /^E(CONN|PIPE|TIMEDOUT|HOST|NET|AI_AGAIN|NOTFOUND)/;
/** What the driver says of a connection that is gone, or could not be made; it gives no code. */
const GONE = /terminated|timeout|timed out|not queryable|Connection ended|closed/i;

/** What a failure of a statement, or of a connection, means. */
export function failureKindOf(error: unknown): FailureKind {
  if (error instanceof Overtaken) return { kind: "again", reason: "overtaken" };
  const code = codeOf(error);
  for (const length of [5, 3, 2]) {
    const reason = AGAIN.get(code.slice(0, length));
    if (reason !== undefined) return { kind: "again", reason };
  }
  if (FULL.some((prefix) => code.startsWith(prefix))) return { kind: "full" };
  if (NETWORK.test(code)) return { kind: "again", reason: "connection" };
  if (code === "" && error instanceof Error && GONE.test(error.message)) return { kind: "again", reason: "connection" };
  return { kind: "failed" };
}

/** The code of a failure: five characters of PostgreSQL's, or the system's. Empty: it has none. */
export function codeOf(error: unknown): string {
  // Where a name has several addresses, each has its failure.
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}
