/** Where a page of traces ended. */
export interface TraceKey {
  /**
   * What the last trace that was looked at is ordered by: its start, its duration, or of twins the
   * call's start; in nanoseconds.
   */
  readonly at: bigint;
  /** Its id, 32 hex digits. */
  readonly traceId: string;
}

/**
 * A page token: opaque, safe in URLs. `scope` is a digest of what is searched (8 hex digits or more), so that a token
 * cannot be used with another search.
 */
export function formatTraceToken(key: TraceKey, scope: string): string {
  return encode(`t1.${scope}.${key.at}.${key.traceId}`);
}

/** The inverse of {@link formatTraceToken}. Undefined: not a token of ours for that scope. */
export function parseTraceToken(token: string, scope: string): TraceKey | undefined {
  const match = /^t1\.([0-9a-f]+)\.(\d{1,19})\.([0-9a-f]{32})$/.exec(decode(token));
  if (match === null) return undefined;
  const [, tokenScope = "", at = "", traceId = ""] = match;
  return tokenScope === scope ? { at: BigInt(at), traceId } : undefined;
}

/** The token that a tail goes on from: a position in the store's changes, bound to what is followed. */
export function formatTailToken(position: string, scope: string): string {
  return encode(`c1.${scope}.${position}`);
}

/** The inverse of {@link formatTailToken}. Undefined: not a token of ours for that scope. */
export function parseTailToken(token: string, scope: string): string | undefined {
  const match = /^c1\.([0-9a-f]+)\.([0-9a-zA-Z.]{1,64})$/.exec(decode(token));
  return match?.[1] === scope ? match[2] : undefined;
}

/** The token of a page of experiments: the last one's id. */
export function formatExperimentToken(id: bigint): string {
  return encode(`e1.${id}`);
}

/** The inverse of {@link formatExperimentToken}. Undefined: not a token of ours. */
export function parseExperimentToken(token: string): bigint | undefined {
  const match = /^e1\.(\d{1,18})$/.exec(decode(token));
  return match?.[1] === undefined ? undefined : BigInt(match[1]);
}

function encode(text: string): string {
  return Buffer.from(text).toString("base64url");
}

function decode(token: string): string {
  return Buffer.from(token, "base64url").toString("latin1");
}
