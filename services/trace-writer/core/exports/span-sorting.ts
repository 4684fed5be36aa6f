import type { ResourceSpans, ScopeSpans, Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { nestTooDeep } from "../spans/attribute-depth.ts";
import { type Digest, spanBatchOf } from "../spans/span-batch.ts";
import { checkSpan, hasIds, type RejectReason } from "../spans/span-check.ts";
import type { SpanBatch } from "../spans/span-row.ts";
import { countSpans } from "./export-experiments.ts";

/** What the traces of one export come to, at the most: each keeps the resource and scope of its spans, however large. */
export const BATCHES_BYTES_MAX = 256 * 1024 * 1024;

/** Agents' spans as they go to a store, and what was left out. */
export interface SortedSpans {
  /** One a trace. */
  readonly batches: readonly SpanBatch[];
  readonly rejected: ReadonlyMap<RejectReason, number>;
  /** How many spans there were, and how many of them had ids at all. */
  readonly total: number;
  readonly withIds: number;
  /** What the batches come to. */
  readonly bytes: number;
}

/**
 * Sorts spans by trace, each with its resource and scope as sent. Those that break a rule are left out, and those of
 * traces that have no room in `bytesMax`.
 */
export function sortSpans(
  resourceSpans: readonly ResourceSpans[],
  latestNs: bigint,
  digest: Digest,
  bytesMax = BATCHES_BYTES_MAX,
): SortedSpans {
  const byTrace = new Map<string, ResourceSpans[]>();
  const rejected = new Map<RejectReason, number>();
  let total = 0;
  let withIds = 0;
  for (const resource of resourceSpans) {
    const resourceTooDeep = nestTooDeep(resource.resource?.attributes ?? []);
    for (const scope of resource.scopeSpans) {
      const groupTooDeep = resourceTooDeep || nestTooDeep(scope.scope?.attributes ?? []);
      for (const span of scope.spans) {
        total += 1;
        if (hasIds(span)) withIds += 1;
        const reason = checkSpan(span, latestNs) ?? (groupTooDeep ? "too_deep" : undefined);
        if (reason === undefined) add(byTrace, span, scope, resource);
        else rejected.set(reason, (rejected.get(reason) ?? 0) + 1);
      }
    }
  }
  const batches: SpanBatch[] = [];
  let bytes = 0;
  for (const [traceId, groups] of byTrace) {
    const batch = bytes > bytesMax ? undefined : spanBatchOf(traceId, groups, digest);
    bytes += batch?.bytes.length ?? 0;
    if (batch !== undefined && bytes <= bytesMax) batches.push(batch);
    else rejected.set("export_too_large", (rejected.get("export_too_large") ?? 0) + countSpans(groups));
  }
  return { batches, rejected, total, withIds, bytes };
}

/** Adds a span to its trace's groups. Spans of one scope come one after the other, so the last group is theirs or none. */
function add(byTrace: Map<string, ResourceSpans[]>, span: Span, scope: ScopeSpans, resource: ResourceSpans): void {
  const traceId = span.traceId.toString("hex");
  const groups = byTrace.get(traceId) ?? [];
  byTrace.set(traceId, groups);
  let group = groups.at(-1);
  if (group === undefined || group.resource !== resource.resource || group.schemaUrl !== resource.schemaUrl) {
    group = { ...resource, scopeSpans: [] };
    groups.push(group);
  }
  let inner = group.scopeSpans.at(-1);
  if (inner === undefined || inner.scope !== scope.scope || inner.schemaUrl !== scope.schemaUrl) {
    inner = { ...scope, spans: [] };
    group.scopeSpans.push(inner);
  }
  inner.spans.push(span);
}
