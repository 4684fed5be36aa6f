import type { DatabaseSync } from "node:sqlite";
import { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import { previewOfBytes } from "../../core/preview.ts";
import { spanRowOf } from "../../core/span-batch.ts";
import type { StoredSpanRow } from "../../core/span-row.ts";
import { storedSpansOf } from "../../core/stored-spans.ts";
import { bytesIn, integerIn, type Row } from "../columns.ts";
import { unpack } from "../packing.ts";

type Previews = Pick<StoredSpanRow, "requestPreview" | "responsePreview">;

/**
 * The previews of a span, read from its bytes: they are long, what lists show of the trace has them ready, and they are
 * asked for only where a trace is summed up anew.
 */
export type PreviewsOf = (traceRef: bigint, span: StoredSpanRow, place: Row) => Previews;

/** Prepares reading them, from rows that have `chunk` and `position`. */
export function openSpanPreviews(db: DatabaseSync): PreviewsOf {
  const chunk = db.prepare("SELECT bytes FROM chunks WHERE id = ?");
  const payload = db.prepare("SELECT bytes FROM payloads WHERE trace_ref = ?");
  return (traceRef, { spanId, parentId, origin }, place) => {
    if (origin === "full-gateway") {
      const found = payload.get(traceRef);
      const { payloads } = InvocationRecord.decode(found === undefined ? NOTHING : unpack(bytesIn(found, "bytes")));
      const own = payloads.find((candidate) => candidate.spanId.toString("hex") === spanId);
      return {
        requestPreview: previewOfBytes(own?.inputs ?? NOTHING),
        responsePreview: previewOfBytes(own?.outputs ?? NOTHING),
      };
    }
    if (origin !== "agent" || parentId !== undefined) return { requestPreview: "", responsePreview: "" };
    const bytes = unpack(bytesIn(chunk.get(integerIn(place, "chunk")) ?? {}, "bytes"));
    const stored = storedSpansOf(bytes, origin)[Number(integerIn(place, "position"))];
    if (stored === undefined) throw new Error("a span's bytes are not there");
    const { requestPreview, responsePreview } = spanRowOf(stored.span, origin, "");
    return { requestPreview, responsePreview };
  };
}

const NOTHING = new Uint8Array(0);
