import type { RetentionLimits } from "#proto/twinspan/trace/v1/experiment.ts";
import type { NamedExperiment, SpanRow } from "../core/spans/span-row.ts";
import type { StoredClaim } from "../core/traces/trace-claim.ts";
import type { TagEdits } from "../core/traces/trace-tags.ts";

/** All that a store keeps of a trace, in no store's own form: nothing else is needed to keep it in another. */
export interface WholeTrace {
  readonly workspace: string;
  /** 32 hex digits. */
  readonly traceId: string;
  /** What makes it a full trace. Undefined: it is an agent's. */
  readonly full: WholeFull | undefined;
  /** Its spans. None: it is claimed, and nothing more. */
  readonly batches: readonly WholeBatch[];
  readonly claim: StoredClaim | undefined;
  readonly tagEdits: TagEdits;
}

/** What a full trace has beside its spans. */
export interface WholeFull {
  /** The digest of its record: by it a record that comes again is known. */
  readonly hash: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** An InvocationRecord that holds nothing but the payloads, serialized. Undefined: there is none. */
  readonly payload: Uint8Array | undefined;
  /** Where its mirror is. Undefined: there is none, or none any more. */
  readonly mirror: TwinPlace | undefined;
}

/** The mirror of a full trace: the trace that holds it, and its gateway span. */
export interface TwinPlace extends TwinName {
  readonly spanId: string;
  readonly startNs: bigint;
}

/** A trace, be it in another workspace. */
export interface TwinName {
  readonly workspace: string;
  readonly traceId: string;
}

/** Spans that arrived together. All are of one origin's kind, and were named with one experiment. */
export interface WholeBatch {
  /** Undefined: none was named, or one that does not exist. */
  readonly experiment: NamedExperiment | undefined;
  /** One a span in `bytes`, in their order. Undefined: that one does not count, and may have no place at the end. */
  readonly rows: readonly (SpanRow | undefined)[];
  /** As `SpanBatch` has them. */
  readonly bytes: Uint8Array;
  /** Of a mirror: its full trace. Undefined: it is none, or the full trace is gone. */
  readonly full: TwinName | undefined;
}

/** An experiment, with its times in milliseconds since the Unix epoch. */
export interface WholeExperiment extends NamedExperiment {
  readonly workspace: string;
  readonly createdMs: number;
  readonly updatedMs: number;
  /** Undefined: it has no limits of its own. */
  readonly ownRetention: RetentionLimits | undefined;
}

/** Rows at their places in a batch. */
export function rowsAt(placed: Iterable<{ readonly row: SpanRow; readonly position: number }>): WholeBatch["rows"] {
  const rows: (SpanRow | undefined)[] = [];
  for (const { row, position } of placed) {
    while (rows.length < position) rows.push(undefined);
    rows[position] = row;
  }
  return rows;
}

/** The gateway span of a batch that is a mirror. */
export function mirrorGatewayIn({ rows }: Pick<WholeBatch, "rows">): SpanRow | undefined {
  return rows.find((row) => row?.origin === "mirror-gateway");
}
