import { type SpanFacts, spanFactsOf } from "#lib/traces/span-facts.ts";
import { type PlacedSpan, placedSpansOf, spansOf } from "#lib/traces/span-tree.ts";
import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { type Trace, TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import { dollarsOf } from "./dollars.ts";
import { millisecondsOf } from "./milliseconds.ts";
import { payloadLinesOf } from "./payload-lines.ts";
import { printable } from "./printable.ts";
import { tokensTextOf } from "./tokens-text.ts";

/** More spans than that are counted, not shown. */
const SPANS_MAX = 500;

/**
 * A trace as people read it: a line a span, indented under its parent, with times, tokens, cost and links, the payload
 * last where there is any. A span whose parent is not there stands at the top. What the trace still waits for is told.
 */
export function traceLinesOf(trace: Trace): readonly string[] {
  const spans = spansOf(trace);
  const shown = spans.slice(0, SPANS_MAX);
  const rows = rowsOf(shown);
  const traceId = trace.info?.traceId ?? "";
  const width = Math.max(0, ...rows.map((row, index) => labelOf(row, index, traceId).length));
  const lines = rows.map((row, index) => `${labelOf(row, index, traceId).padEnd(width)}  ${figuresOf(row)}`.trimEnd());
  const more =
    spans.length > shown.length ? [`  … and ${spans.length - shown.length} more spans (--json has all)`] : [];
  return [
    ...(lines.length === 0 ? [`${traceId}  has no spans`] : lines),
    ...more,
    ...awaitedLinesOf(trace),
    ...payloadLinesOf(trace),
  ];
}

function awaitedLinesOf({ info }: Trace): readonly string[] {
  if (info?.state !== TraceState.TRACE_STATE_IN_PROGRESS) return [];
  if (info.experimentId !== "") return ["     in progress: the agent's own root span has not arrived"];
  return ["     pending, in no experiment yet: the agent's own spans have not arrived"];
}

/** A span in its place. */
interface Row {
  readonly facts: SpanFacts;
  /** What leads to it: `  └─ `. Empty at the top. */
  readonly branch: string;
  /** Whether its parent says the same tokens: then it need not. */
  readonly repeatsTokens: boolean;
  /** Whether its parent says the same cost. */
  readonly repeatsCost: boolean;
}

function rowsOf(spans: readonly Span[]): readonly Row[] {
  return placedSpansOf(spans).map((placed) => {
    const facts = spanFactsOf(placed.span);
    const parent = placed.parent === undefined ? undefined : spanFactsOf(placed.parent.span);
    return {
      facts,
      branch: branchOf(placed),
      repeatsTokens: parent !== undefined && sameTokens(parent, facts),
      repeatsCost: parent?.costNanoUsd === facts.costNanoUsd,
    };
  });
}

/** What leads to a span from the top. */
function branchOf({ parent, isLast }: PlacedSpan): string {
  if (parent === undefined) return "";
  const branch = isLast ? "└─ " : "├─ ";
  return `  ${indentUnder(parent)}${branch}`;
}

function indentUnder({ parent, isLast }: PlacedSpan): string {
  return parent === undefined ? "" : `${indentUnder(parent)}${isLast ? "   " : "│  "}`;
}

/** The left column. The first line bears the trace's id, the others stand under it. */
function labelOf({ facts, branch }: Row, index: number, traceId: string): string {
  const gone = facts.isLinkExpired ? " (expired)" : "";
  const link = facts.linkedTraceId === undefined ? "" : `  ⇄ ${facts.linkedTraceId}${gone}`;
  const lead = index === 0 ? `${traceId}  ` : branch === "" ? "  " : branch;
  return `${lead}${printable(facts.name)}${link}`;
}

function figuresOf({ facts, repeatsTokens, repeatsCost }: Row): string {
  const { inputTokens, outputTokens, costNanoUsd, firstTokenMs, reason, error } = facts;
  const tokens = inputTokens !== undefined || outputTokens !== undefined;
  return [
    `${millisecondsOf(facts.durationMs).padStart(6)} ms`,
    ...(reason === undefined ? [] : [printable(reason)]),
    ...(tokens && !repeatsTokens ? [`${tokensTextOf(facts)} tokens`] : []),
    ...(costNanoUsd !== undefined && !repeatsCost ? [dollarsOf(costNanoUsd / 1e9)] : []),
    ...(firstTokenMs === undefined ? [] : [`first token ${millisecondsOf(firstTokenMs)} ms`]),
    ...(error === undefined ? [] : [`✗ ${error}`]),
  ].join("   ");
}

function sameTokens(one: SpanFacts, other: SpanFacts): boolean {
  return one.inputTokens === other.inputTokens && one.outputTokens === other.outputTokens;
}
