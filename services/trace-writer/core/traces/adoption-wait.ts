import type { SpanRow } from "../spans/span-row.ts";

/**
 * How long a trace that is adopted at `nowMs` had waited for its owner, in milliseconds: from the end of its first
 * mirrored call. Undefined: it holds none.
 */
export function adoptionWaitMsOf(rows: Iterable<Pick<SpanRow, "origin" | "endNs">>, nowMs: number): number | undefined {
  let firstEndNs: bigint | undefined;
  for (const { origin, endNs } of rows) {
    if (origin === "mirror-gateway" && (firstEndNs === undefined || endNs < firstEndNs)) firstEndNs = endNs;
  }
  return firstEndNs === undefined ? undefined : Math.max(0, nowMs - Number(firstEndNs / 1_000_000n));
}
