import { expect, test } from "vitest";
import type { KeyValue } from "#proto/opentelemetry/proto/common/v1/common.ts";
import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { type Trace, TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import { traceLinesOf } from "../../../cli/trace/trace-tree.ts";

const text = (key: string, value: string): KeyValue => ({ key, value: { value: { $case: "stringValue", value } } });
const whole = (key: string, value: bigint): KeyValue => ({ key, value: { value: { $case: "intValue", value } } });

function spanOf(id: number, parent: number, name: string, attributes: KeyValue[] = []): Span {
  const idOf = (figure: number) => Buffer.from(figure === 0 ? "" : figure.toString(16).padStart(16, "0"), "hex");
  return {
    traceId: Buffer.alloc(16, 1),
    spanId: idOf(id),
    traceState: "",
    parentSpanId: idOf(parent),
    flags: 0,
    name,
    kind: 1,
    startTimeUnixNano: 0n,
    endTimeUnixNano: 12_000_000n,
    attributes,
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    status: undefined,
  };
}

function traceOf(spans: Span[], sealed = false): Trace {
  return {
    info: {
      traceId: "tr-1",
      experimentId: "1",
      state: TraceState.TRACE_STATE_OK,
      name: "",
      startTimeUnixNano: 0n,
      durationNanos: 0n,
      spanCount: spans.length,
      requestPreview: "",
      responsePreview: "",
      metadata: {},
      tags: {},
      usage: undefined,
      cost: undefined,
      sealed,
      linkedTraceIds: [],
      clientRequestId: "",
      unclaimed: false,
    },
    resourceSpans: [{ resource: undefined, scopeSpans: [{ scope: undefined, spans, schemaUrl: "" }], schemaUrl: "" }],
    mirrorSpanIds: [],
  };
}

test("spans stand under their parents, whatever the order they came in", () => {
  expect(traceLinesOf(traceOf([spanOf(3, 2, "c"), spanOf(1, 0, "a"), spanOf(4, 1, "d"), spanOf(2, 1, "b")]))).toEqual([
    "tr-1  a        12 ms",
    "  ├─ d         12 ms",
    "  └─ b         12 ms",
    "     └─ c      12 ms",
  ]);
});

test("a span whose parent is missing, and spans that are each other's parents, are shown all the same", () => {
  const lines = traceLinesOf(traceOf([spanOf(1, 9, "orphan"), spanOf(2, 3, "x"), spanOf(3, 2, "y")]));
  expect(lines.map((line) => line.replace(/ +12 ms$/, ""))).toEqual(["tr-1  orphan", "  x", "  └─ y"]);
});

test("estimated tokens are marked", () => {
  const estimated = { key: "twinspan.usage.estimated", value: { value: { $case: "boolValue" as const, value: true } } };
  const usage = [whole("gen_ai.usage.input_tokens", 41n), whole("gen_ai.usage.output_tokens", 57n), estimated];
  expect(traceLinesOf(traceOf([spanOf(1, 0, "call", usage)]))[0]).toContain("~41 → 57 tokens");
});

test("tokens are told once, where a parent says the same", () => {
  const usage = [whole("gen_ai.usage.input_tokens", 41n), whole("gen_ai.usage.output_tokens", 57n)];
  const lines = traceLinesOf(traceOf([spanOf(1, 0, "gateway", usage), spanOf(2, 1, "model", usage)]));
  expect(lines[0]).toContain("41 → 57 tokens");
  expect(lines[1]).not.toContain("tokens");
});

test("an attempt tells why it was made, and small costs are told to the digit", () => {
  const nanoUsd = whole("twinspan.cost.total_nano_usd", 33_500n);
  const spans = [
    spanOf(1, 0, "gateway"),
    spanOf(2, 1, "model", [text("twinspan.attempt.reason", "fallback"), nanoUsd]),
  ];
  expect(traceLinesOf(traceOf(spans))[1]).toMatch(/12 ms {3}fallback {3}\$0\.0000335$/);
});

test("the tokens of what has no output are told without", () => {
  const usage = [whole("gen_ai.usage.input_tokens", 2n)];
  expect(traceLinesOf(traceOf([spanOf(1, 0, "embed", usage)]))[0]).toMatch(/ 2 tokens$/);
});

test("what an attempt was sent in translation is told apart from what the caller asked", () => {
  const inputs = text("mlflow.spanInputs", JSON.stringify({ messages: [{ role: "user", content: "hi" }] }));
  const spans = [spanOf(1, 0, "gateway", [inputs]), spanOf(2, 1, "model/a/b", [inputs])];
  expect(traceLinesOf(traceOf(spans, true)).slice(2)).toEqual([
    "     in   user: hi",
    "     in   as sent to model/a/b:",
    "          user: hi",
  ]);
});

test("only a full trace shows its payload, cut, and without what commands a terminal", () => {
  const inputs = JSON.stringify({ messages: [{ role: "user", content: `\u001b[2Jhello ${"x".repeat(400)}` }] });
  const outputs = JSON.stringify({ choices: [{ message: { role: "assistant", content: "hi" } }] });
  const root = spanOf(1, 0, "gateway", [text("mlflow.spanInputs", inputs), text("mlflow.spanOutputs", outputs)]);
  expect(traceLinesOf(traceOf([root]))).toHaveLength(1);
  const [, asked, answered] = traceLinesOf(traceOf([root], true));
  expect(asked).toMatch(/^ {5}in {3}user: {2}\[2Jhello x+ …$/);
  expect(answered).toBe("     out  assistant: hi");
});

test("a full trace says what of its payload is withheld, and why", () => {
  const values = [{ value: { $case: "stringValue" as const, value: "inputs:too_large" } }];
  const withheld = {
    key: "twinspan.payload.withheld",
    value: { value: { $case: "arrayValue" as const, value: { values } } },
  };
  expect(traceLinesOf(traceOf([spanOf(1, 0, "gateway", [withheld])], true)).slice(1)).toEqual([
    "     in   withheld: too_large",
  ]);
});

test("a trace of many spans is cut, and says so", () => {
  const spans = Array.from({ length: 600 }, (_, index) => spanOf(index + 1, 0, "s"));
  const lines = traceLinesOf(traceOf(spans));
  expect(lines).toHaveLength(501);
  expect(lines.at(-1)).toContain("100 more spans");
});
