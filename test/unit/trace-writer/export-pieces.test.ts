import fc from "fast-check";
import { expect, test } from "vitest";
import { ExportTraceServiceRequest } from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import type { ResourceSpans } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import {
  type ExportPiece,
  exportsOf,
  halvesOf,
  piecesOf,
  spansIn,
} from "../../../services/trace-writer/core/forwarding/export-pieces.ts";
import { resourceSpans, span, spanId, traceId } from "../../service/trace-writer/sample-traces.ts";

/** Groups of spans, each with a number of its own and some text, in one scope or more. */
const groups = fc
  .array(fc.array(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 6 }), { minLength: 1, maxLength: 3 }), {
    maxLength: 6,
  })
  .map((sizes) => {
    let n = 0;
    return sizes.map((scopes): ResourceSpans => {
      const filled = scopes.map((texts) =>
        resourceSpans(
          texts.map((size) => {
            n += 1;
            return span({ trace: traceId(1), span: spanId(n), attributes: { text: "x".repeat(size) } });
          }),
        ),
      );
      return { ...resourceSpans([]), scopeSpans: filled.flatMap(({ scopeSpans }) => scopeSpans) };
    });
  });

const idsIn = (all: readonly ResourceSpans[]) =>
  all.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans.map((one) => one.spanId.toString("hex"))));
const decoded = (pieces: readonly ExportPiece[]) =>
  ExportTraceServiceRequest.decode(Buffer.concat(pieces.map(({ bytes }) => bytes))).resourceSpans;

test("whatever the bound, exports hold all spans in order, and are larger only where a single span is", () => {
  fc.assert(
    fc.property(groups, fc.integer({ min: 50, max: 2000 }), (all, bytesMax) => {
      const exports = exportsOf(piecesOf(all, bytesMax), bytesMax);
      expect(exports.flatMap((one) => idsIn(decoded(one)))).toEqual(idsIn(all));
      for (const one of exports) {
        const bytes = one.reduce((sum, piece) => sum + piece.bytes.length, 0);
        if (bytes > bytesMax) expect(spansIn(one)).toBeLessThanOrEqual(1);
      }
    }),
  );
});

test("halves hold all spans in order, and go down to single spans", () => {
  const down = (pieces: readonly ExportPiece[]): readonly (readonly ExportPiece[])[] => {
    const halves = halvesOf(pieces);
    return halves === undefined ? [pieces] : halves.flatMap(down);
  };
  fc.assert(
    fc.property(groups, (all) => {
      const singles = down(piecesOf(all, 1_000_000));
      expect(singles.flatMap((one) => idsIn(decoded(one)))).toEqual(idsIn(all));
      for (const one of singles) expect(spansIn(one)).toBeLessThanOrEqual(1);
    }),
  );
});
