import type { StoredSpanRow } from "../../core/spans/span-row.ts";
import type { StoredClaim } from "../../core/traces/trace-claim.ts";
import type { TagEdits } from "../../core/traces/trace-tags.ts";

/**
 * A trace that the commit at hand works on. It is looked up once, changed here, and written back once, when the commit
 * sums it up.
 */
export interface WorkingTrace {
  readonly ref: bigint;
  readonly workspace: string;
  readonly traceId: string;
  /** Whether it is a full trace, and then what its record says of it. */
  sealed: boolean;
  metadata: Readonly<Record<string, string>>;
  /** Of a full trace: the digest of what was stored first. */
  recordHash: string | undefined;
  /** What its agent says of it as a whole. Undefined: nothing. */
  claim: StoredClaim | undefined;
  tagEdits: TagEdits;
  /** The experiment that readers see it in. Undefined: it is pending, or no reader has seen it. */
  readonly experimentId: bigint | undefined;
  /** The start that readers see. 0: no reader has seen it. */
  readonly startNs: bigint;
  /** What its spans and its payload take as they are stored, in bytes. */
  bytes: bigint;
  /** How much of that its experiment's size has. */
  readonly countedBytes: bigint;
  /** What it is looked up by, as stored. */
  readonly facetIds: readonly bigint[];
  /** All there is of it, where the writer knows without reading. Undefined: that must be read. */
  known: KnownTrace | undefined;
  /** Whether it must be summed up. */
  changed: boolean;
}

/** The rows of a trace, and the traces that hold its other twins. */
export interface KnownTrace {
  readonly rows: StoredSpanRow[];
  /** In the order of `TraceTable.linkedTo`. Undefined: they must be read. */
  linkedTraceIds: readonly string[] | undefined;
}
