/** How much of an experiment is kept. What is not given has no limit. */
export interface KeptTraces {
  /** Those that began at this time or later, in nanoseconds since the Unix epoch. */
  readonly startNsMin?: bigint | undefined;
  /** How many. */
  readonly tracesMax?: number | undefined;
  /** How many bytes of spans and payloads, as they are stored. */
  readonly bytesMax?: number | undefined;
}

/** Why a trace was not kept. */
export type TrimReason = (typeof TRIM_REASONS)[number];
export const TRIM_REASONS = ["age", "count", "bytes"] as const;

/** What an experiment holds. */
export interface StoredSize {
  readonly traces: bigint;
  readonly bytes: bigint;
}

/**
 * Why each of an experiment's oldest traces is not kept, the oldest first, up to the first that is. `size` is what the
 * experiment holds with all of them. Of several reasons a trace has the first in the order of {@link TRIM_REASONS}.
 */
export function trimReasonsOf(
  oldest: readonly { readonly startNs: bigint; readonly bytes: bigint }[],
  size: StoredSize,
  { startNsMin, tracesMax, bytesMax }: KeptTraces,
): readonly TrimReason[] {
  const reasons: TrimReason[] = [];
  let { traces, bytes } = size;
  for (const trace of oldest) {
    if (startNsMin !== undefined && trace.startNs < startNsMin) reasons.push("age");
    else if (tracesMax !== undefined && traces > tracesMax) reasons.push("count");
    else if (bytesMax !== undefined && bytes > bytesMax) reasons.push("bytes");
    else break;
    traces -= 1n;
    bytes -= trace.bytes;
  }
  return reasons;
}
