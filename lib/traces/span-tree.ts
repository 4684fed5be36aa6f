import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import type { Trace } from "#proto/twinspan/trace/v1/trace.ts";

/** A span in its place among the others. */
export interface PlacedSpan {
  readonly span: Span;
  /** Undefined: it stands at the top. */
  readonly parent: PlacedSpan | undefined;
  /** How many spans are above it. */
  readonly depth: number;
  /** Whether it is the last of its parent's children. */
  readonly isLast: boolean;
  /** How many spans are below it, at any depth. They follow it. */
  readonly below: number;
}

/** All spans of a trace, in the order in which they are stored: by start. */
export function spansOf(trace: Trace): readonly Span[] {
  return trace.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

/**
 * Spans with each under its parent, children in the order in which they came. A span whose parent is not among them
 * stands at the top. Each comes once, also where spans name each other as their parents. Linear, and however deep.
 */
export function placedSpansOf(spans: readonly Span[]): readonly PlacedSpan[] {
  const ids = new Set(spans.map(idOf));
  const children = Map.groupBy(spans, ({ parentSpanId }) => {
    const parent = parentSpanId.toString("hex");
    return ids.has(parent) ? parent : "";
  });
  const placed: (PlacedSpan & { below: number })[] = [];
  const seen = new Set<Span>();
  const place = (tops: readonly Span[]) => {
    const waiting: Omit<PlacedSpan, "below">[] = placesIn(tops, undefined);
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (seen.has(next.span)) continue;
      seen.add(next.span);
      const here = { ...next, below: 0 };
      placed.push(here);
      for (const child of placesIn(children.get(idOf(next.span)) ?? [], here)) waiting.push(child);
    }
  };
  place(children.get("") ?? []);
  // Two spans may name each other as parent: whoever sent them, they are shown.
  for (const span of spans) if (!seen.has(span)) place([span]);
  countBelow(placed);
  return placed;
}

function idOf({ spanId }: Span): string {
  return spanId.toString("hex");
}

/** The last first, as they are taken from the end. */
function placesIn(spans: readonly Span[], parent: PlacedSpan | undefined): Omit<PlacedSpan, "below">[] {
  const depth = parent === undefined ? 0 : parent.depth + 1;
  return spans.map((span, index) => ({ span, parent, depth, isLast: index === spans.length - 1 })).reverse();
}

/** A span's own follow it, up to the next one that is not deeper. */
function countBelow(placed: readonly (PlacedSpan & { below: number })[]): void {
  const above: { readonly at: number; readonly depth: number }[] = [];
  const close = (depth: number, end: number) => {
    for (let top = above.at(-1); top !== undefined && top.depth >= depth; top = above.at(-1)) {
      above.pop();
      const done = placed[top.at];
      if (done !== undefined) done.below = end - top.at - 1;
    }
  };
  for (const [at, { depth }] of placed.entries()) {
    close(depth, at);
    above.push({ at, depth });
  }
  close(0, placed.length);
}
