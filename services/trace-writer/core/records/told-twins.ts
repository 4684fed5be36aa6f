import { type CallSpans, callSpansOf } from "#lib/spans/call-spans.ts";
import { fullMetadataOf } from "#lib/spans/full-trace.ts";
import { mirrorSpanIdsOf } from "#lib/spans/mirror.ts";
import type { MirrorTwin } from "#proto/twinspan/trace/v1/call.ts";
import type { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import type { ExperimentRef } from "#proto/twinspan/trace/v1/mirror.ts";
import { spanRowOf } from "../spans/span-batch.ts";
import type { SpanRow } from "../spans/span-row.ts";
import { fullRowsOf, mirrorRowOf, mirrorRowsOf } from "./twin-rows.ts";

/** What a checked record says of its twins, whether it tells its call or spells them out. */
export interface ToldTwins {
  readonly full: ToldTwin & {
    readonly experiment: string;
    readonly metadata: Readonly<Record<string, string>>;
  };
  readonly mirror: (ToldTwin & { readonly experiment: ExperimentRef | undefined }) | undefined;
}

interface ToldTwin {
  readonly traceId: Buffer;
  /** Empty: `default`. */
  readonly workspace: string;
  /** The gateway's span, then its attempts. */
  readonly rows: readonly SpanRow[];
}

/** What stands for the digest of a span that the gateway wrote: conflicts with it are not decided by content. */
const NOT_COMPARED = "";
const UNCHECKED = "a record without a full trace was to be stored: it was not checked";

/** What a record says that `checkRecord` found nothing wrong with. Throws an Error where it has no full trace. */
export function toldTwinsOf(record: InvocationRecord): ToldTwins {
  const { call, fullTwin, mirrorTwin } = record;
  if (call === undefined) return spelledTwinsOf(record);
  if (fullTwin === undefined) throw new Error(UNCHECKED);
  const spans = callSpansOf(call);
  const { traceId, workspace, experiment } = fullTwin;
  const metadata = fullMetadataOf(call, fullTwin);
  return {
    full: { traceId, workspace, experiment, metadata, rows: fullRowsOf(spans, fullTwin) },
    mirror: mirrorTwin && toldMirrorOf(mirrorTwin, rowsOfMirror(spans, mirrorTwin)),
  };
}

function rowsOfMirror({ gateway, attempts }: CallSpans, mirror: MirrorTwin): readonly SpanRow[] {
  const [gatewayId = "", ...ids] = mirrorSpanIdsOf(mirror);
  return [
    mirrorRowOf(gateway, gatewayId, mirror.parentSpanId.toString("hex")),
    ...attempts.map((attempt, index) => mirrorRowOf(attempt, ids[index] ?? "", gatewayId)),
  ];
}

function spelledTwinsOf({ full, mirror }: InvocationRecord): ToldTwins {
  const [scope] = full?.resourceSpans?.scopeSpans ?? [];
  if (full === undefined || scope === undefined) throw new Error(UNCHECKED);
  const rows = scope.spans.map((span, index) =>
    spanRowOf(span, index === 0 ? "full-gateway" : "full-attempt", NOT_COMPARED),
  );
  const { traceId, workspace, experiment, metadata } = full;
  return {
    full: { traceId, workspace, experiment, metadata, rows },
    mirror: mirror && toldMirrorOf(mirror, mirrorRowsOf(mirror)),
  };
}

function toldMirrorOf(
  { traceId, workspace, experiment }: Pick<MirrorTwin, "traceId" | "workspace" | "experiment">,
  rows: readonly SpanRow[],
): ToldTwins["mirror"] {
  return { traceId, workspace, experiment, rows };
}
