import { expect, test } from "vitest";
import { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { Trace, TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import { twinLinkAt, twinPairsOf } from "../../../console/src/views/trace/twin-spans.ts";
import {
  expandedRows,
  placeIn,
  ticksOf,
  waterfallRowsOf,
  windowOf,
} from "../../../console/src/views/trace/waterfall-rows.ts";

type Given = {
  readonly id: number;
  readonly parent?: number;
  readonly from: bigint;
  readonly to: bigint;
  readonly texts?: Readonly<Record<string, string>>;
  readonly attempt?: bigint;
  /** The other twin: the number of its trace, and of its span. */
  readonly twin?: readonly [leadsTo: "full" | "mirror", trace: number, span: number];
};

const bytes = (figure: number, size: number) => Buffer.from(figure.toString(16).padStart(size * 2, "0"), "hex");
const text = (key: string, value: string) => ({ key, value: { value: { $case: "stringValue", value } as const } });

function spanOf({ id, parent, from, to, texts = {}, attempt, twin }: Given): Span {
  const index =
    attempt === undefined
      ? []
      : [{ key: "twinspan.attempt.index", value: { value: { $case: "intValue", value: attempt } as const } }];
  return {
    ...Span.decode(new Uint8Array()),
    spanId: bytes(id, 8),
    parentSpanId: parent === undefined ? Buffer.alloc(0) : bytes(parent, 8),
    startTimeUnixNano: from,
    endTimeUnixNano: to,
    attributes: [...Object.entries(texts).map(([key, value]) => text(key, value)), ...index],
    links:
      twin === undefined
        ? []
        : [
            {
              traceId: bytes(twin[1], 16),
              spanId: bytes(twin[2], 8),
              traceState: "",
              attributes: [text("twinspan.link", twin[0])],
              droppedAttributesCount: 0,
              flags: 0,
            },
          ],
  };
}

function traceOf(sealed: boolean, mirrors: readonly number[], spans: readonly Given[]): Trace {
  const scopeSpans = [{ scope: undefined, spans: spans.map(spanOf), schemaUrl: "" }];
  return {
    ...Trace.decode(new Uint8Array()),
    info: { ...TraceInfo.decode(new Uint8Array()), sealed },
    resourceSpans: [{ resource: undefined, scopeSpans, schemaUrl: "" }],
    mirrorSpanIds: mirrors.map((id) => bytes(id, 8)),
  };
}

const AGENT = traceOf(
  false,
  [2, 3, 4],
  [
    { id: 1, from: 0n, to: 100n, texts: { "mlflow.spanType": "AGENT" } },
    { id: 2, parent: 1, from: 10n, to: 90n, twin: ["full", 7, 21] },
    { id: 3, parent: 2, from: 10n, to: 20n, attempt: 0n },
    { id: 4, parent: 2, from: 20n, to: 90n, attempt: 1n },
    { id: 5, parent: 1, from: 92n, to: 95n, texts: { "twinspan.mirror": "true", "mlflow.spanType": "TOOL" } },
  ],
);
const FULL = traceOf(
  true,
  [],
  [
    { id: 21, from: 10n, to: 90n, twin: ["mirror", 6, 2] },
    { id: 22, parent: 21, from: 10n, to: 20n, attempt: 0n, texts: { "mlflow.spanType": "LLM" } },
    { id: 23, parent: 21, from: 20n, to: 90n, attempt: 1n, texts: { "mlflow.spanType": "LLM" } },
  ],
);
const hex = (id: number) => bytes(id, 8).toString("hex");

test("a span is drawn as what the store knows of it, not as what it says of itself", () => {
  expect(waterfallRowsOf(AGENT).map(({ tone, depth }) => [tone, depth])).toEqual([
    ["agent", 0],
    ["mirror", 1],
    ["mirror", 2],
    ["mirror", 2],
    ["tool", 1],
  ]);
  expect(waterfallRowsOf(FULL).map(({ tone }) => tone)).toEqual(["full", "model", "model"]);
});

test("what is below a collapsed span is not shown", () => {
  expect(expandedRows(waterfallRowsOf(AGENT), new Set([hex(2)])).map(({ id }) => id)).toEqual([hex(1), hex(2), hex(5)]);
});

test("twins are paired, calls by their links and attempts by their order", () => {
  const pairs = twinPairsOf(waterfallRowsOf(AGENT), waterfallRowsOf(FULL));
  expect([2, 3, 4, 21, 22, 23].map((id) => pairs.get(hex(id)))).toEqual([21, 22, 23, 2, 3, 4].map(hex));
  expect(pairs.get(hex(1))).toBeUndefined();
});

test("an attempt's other twin is that of its call; an agent's own span has none", () => {
  const rows = waterfallRowsOf(AGENT);
  const linkOf = (at: number) => twinLinkAt(rows, at)?.spanId;
  expect([0, 1, 2, 3, 4].map(linkOf)).toEqual([undefined, hex(21), hex(21), hex(21), undefined]);
});

test("two traces on one axis stand where they were", () => {
  const window = windowOf([...waterfallRowsOf(AGENT), ...waterfallRowsOf(FULL)]);
  expect(window).toEqual({ startNanos: 0n, durationNanos: 100n });
  expect(placeIn(window, 10n, 90n)).toEqual({ left: 0.1, width: 0.8 });
  expect(placeIn(window, -50n, 900n)).toEqual({ left: 0, width: 1 });
  expect(windowOf([])).toEqual({ startNanos: 0n, durationNanos: 0n });
});

test("an axis has round figures, and few", () => {
  expect(ticksOf(834, 6)).toEqual([0, 200, 400, 600, 800]);
  expect(ticksOf(1, 6)).toEqual([0, 0.2, 0.4, 0.6000000000000001, 0.8, 1]);
  expect(ticksOf(0, 6)).toEqual([0]);
  for (const ms of [0.001, 3, 77, 61_000, 9e7]) expect(ticksOf(ms, 6).length).toBeLessThanOrEqual(7);
});
