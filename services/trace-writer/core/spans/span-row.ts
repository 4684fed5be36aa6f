import type { SpanIdHex, TraceIdHex } from "#lib/ids.ts";
import type { Cost, Usage } from "#proto/twinspan/trace/v1/usage.ts";

/**
 * Who wrote a span: an agent (over OTLP), or the gateway as part of a mirror or of a full trace. `gateway` and
 * `attempt` say which part of the call; an agent's span is neither.
 */
export type SpanOrigin = "agent" | "mirror-gateway" | "mirror-attempt" | "full-gateway" | "full-attempt";

/**
 * What a store keeps of a span apart from its bytes: all that order, ownership, status and totals are computed from.
 * Everything a reader is told of a trace follows from the set of its rows.
 */
export interface SpanRow {
  readonly spanId: SpanIdHex;
  /** Undefined: a root. */
  readonly parentId: SpanIdHex | undefined;
  readonly origin: SpanOrigin;
  /** In nanoseconds since the Unix epoch, below 2^63. */
  readonly startNs: bigint;
  /** Never before `startNs`. */
  readonly endNs: bigint;
  readonly failed: boolean;
  readonly name: string;
  /** Whether it is a call of a model. Only such spans have a usage. */
  readonly llm: boolean;
  /** The endpoint that was called, as the gateway says it. */
  readonly endpoint: string | undefined;
  readonly provider: string | undefined;
  readonly requestModel: string | undefined;
  readonly responseModel: string | undefined;
  readonly responseId: string | undefined;
  readonly usage: Usage | undefined;
  readonly cost: Cost | undefined;
  /** From the start to the first token of a streamed answer, in nanoseconds. Undefined: not known, or no stream. */
  readonly firstTokenNs: bigint | undefined;
  /** The session and the user that the span names, at most 250 characters each. */
  readonly session: string | undefined;
  readonly user: string | undefined;
  /** On roots: the beginning of the inputs and the outputs, at most 500 characters each. Empty: none. */
  readonly requestPreview: string;
  readonly responsePreview: string;
  /** 32 hex digits over an agent's span as sent, its resource and scope included. Empty: the gateway wrote it. */
  readonly contentHash: string;
}

/** A row as it stands in a store: with the experiment that was named with it. */
export interface StoredSpanRow extends SpanRow {
  /** Undefined: none was named, or one that does not exist. */
  readonly experiment: NamedExperiment | undefined;
}

/** An experiment by both its names. Rules compare by name: ids depend on the order of creation. */
export interface NamedExperiment {
  readonly id: bigint;
  readonly name: string;
}

/** Spans of one trace that arrived together. */
export interface SpanBatch {
  readonly traceId: TraceIdHex;
  /** One a span, in the order of the spans in `bytes`. */
  readonly rows: readonly SpanRow[];
  /** The spans themselves, serialized: of agents an ExportTraceServiceRequest, of the gateway an InvocationRecord. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}
