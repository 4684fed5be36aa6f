import { describe, expect, test } from "vitest";
import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { FullTwin, MirrorTwin } from "#proto/twinspan/trace/v1/call.ts";
import type { FullTrace, InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import type { Mirror, MirrorSpan } from "#proto/twinspan/trace/v1/mirror.ts";
import { checkRecord } from "../../../services/trace-writer/core/records/record-check.ts";
import { attributes, idsOf, record, spanId, traceId } from "../../service/trace-writer/sample-traces.ts";

const sample = () => record({ n: 1, attempts: 2, caller: { trace: traceId(1), span: spanId(1) } });
const id = (digits: string) => Buffer.from(digits, "hex");

const full = (change: Partial<FullTrace>): InvocationRecord => {
  const whole = sample();
  return { ...whole, full: whole.full && { ...whole.full, ...change } };
};
const fullSpan = (at: number, change: Partial<Span>): InvocationRecord => {
  const whole = sample();
  const spans = whole.full?.resourceSpans?.scopeSpans[0]?.spans ?? [];
  const changed = spans.map((span, index) => (index === at ? { ...span, ...change } : span));
  const group = whole.full?.resourceSpans;
  const scopeSpans = group?.scopeSpans.map((scope) => ({ ...scope, spans: changed })) ?? [];
  return full({ resourceSpans: group && { ...group, scopeSpans } });
};
const mirror = (change: Partial<Mirror>): InvocationRecord => {
  const whole = sample();
  return { ...whole, mirror: whole.mirror && { ...whole.mirror, ...change } };
};
const mirrorSpan = (at: number, change: Partial<MirrorSpan>): InvocationRecord =>
  mirror({
    spans: (sample().mirror?.spans ?? []).map((span, index) => (index === at ? { ...span, ...change } : span)),
  });

test("a record that keeps every rule is not refused, with and without a mirror", () => {
  expect(checkRecord(sample())).toBeUndefined();
  expect(checkRecord(record({ n: 1, attempts: 0 }))).toBeUndefined();
  expect(checkRecord(record({ n: 1, attempts: 63 }))).toBeUndefined();
});

describe("a record is refused, with field and rule, when", () => {
  const broken: Readonly<Record<string, readonly [InvocationRecord, string]>> = {
    "it has neither a call nor a full trace": [{ ...sample(), full: undefined }, "call:"],
    "it has the full trace's part of a call, and none": [
      { ...sample(), fullTwin: FullTwin.decode(Buffer.alloc(0)) },
      "call:",
    ],
    "it has the mirror's part of a call, and none": [
      { ...sample(), mirrorTwin: MirrorTwin.decode(Buffer.alloc(0)) },
      "call:",
    ],
    "the trace id is short": [full({ traceId: id("01") }), "full.trace_id:"],
    "the trace id is zero": [full({ traceId: Buffer.alloc(16) }), "full.trace_id:"],
    "the experiment is empty": [full({ experiment: "" }), "full.experiment:"],
    "the experiment has a line end": [full({ experiment: "a\nb" }), "full.experiment:"],
    "there are no spans": [full({ resourceSpans: undefined }), "full.resource_spans:"],
    "a metadata value is long": [full({ metadata: { key: "x".repeat(251) } }), "full.metadata:"],
    "there are too many spans": [record({ n: 1, attempts: 64 }), "full.resource_spans:"],
    "the root has a parent": [fullSpan(0, { parentSpanId: id(spanId(7)) }), "full.resource_spans:"],
    "an attempt's parent is not the root": [
      fullSpan(2, { parentSpanId: id(spanId(7)) }),
      "full.resource_spans.spans[2].parent_span_id:",
    ],
    "a span is of another trace": [fullSpan(1, { traceId: id(traceId(7)) }), "full.resource_spans.spans[1].trace_id:"],
    "two spans share an id": [fullSpan(2, { spanId: id(idsOf(1).attempt(0)) }), "full.resource_spans:"],
    "a span ends before it begins": [
      fullSpan(1, { endTimeUnixNano: 5n }),
      "full.resource_spans.spans[1].end_time_unix_nano:",
    ],
    "an attempt ends after the root": [
      fullSpan(1, { endTimeUnixNano: 2n ** 62n }),
      "full.resource_spans.spans[1].start_time_unix_nano:",
    ],
    "a span's status has a text": [
      fullSpan(1, { status: { code: 2, message: "secret" } }),
      "full.resource_spans.spans[1].status.message:",
    ],
    "a span holds payload": [
      fullSpan(0, { attributes: attributes({ "mlflow.spanInputs": "secret" }) }),
      "full.resource_spans.spans[0].attributes:",
    ],
    "a payload is of no span": [
      {
        ...sample(),
        payloads: [
          { spanId: id(spanId(7)), inputs: Buffer.alloc(0), outputs: Buffer.alloc(0), errorText: "", truncated: false },
        ],
      },
      "payloads[0].span_id:",
    ],
    "an error text is long": [
      {
        ...sample(),
        payloads: [
          {
            spanId: id(idsOf(1).root),
            inputs: Buffer.alloc(0),
            outputs: Buffer.alloc(0),
            errorText: "x".repeat(16_385),
            truncated: false,
          },
        ],
      },
      "payloads[0].error_text:",
    ],
    "the mirror is in the full trace itself": [mirror({ traceId: id(idsOf(1).full) }), "mirror.trace_id:"],
    "the mirror links elsewhere": [mirror({ linkedTraceId: id(traceId(7)) }), "mirror.linked_trace_id:"],
    "the mirror links to another span": [mirror({ linkedSpanId: id(spanId(7)) }), "mirror.linked_span_id:"],
    "the mirror has fewer spans": [mirror({ spans: sample().mirror?.spans.slice(0, 2) ?? [] }), "mirror.spans:"],
    "the mirror has no spans": [mirror({ spans: [] }), "mirror.spans:"],
    "the mirror names an experiment without a name": [
      mirror({ experiment: { ref: { $case: "name", value: "" } } }),
      "mirror.experiment.name:",
    ],
    "the first mirrored span is an attempt": [mirrorSpan(0, { role: 2 }), "mirror.spans[0].role:"],
    "a second mirrored span is the gateway's": [mirrorSpan(1, { role: 1 }), "mirror.spans[1].role:"],
    "a mirrored attempt has another parent": [
      mirrorSpan(2, { parentSpanId: id(spanId(7)) }),
      "mirror.spans[2].parent_span_id:",
    ],
    "the gateway span's parent is in the mirror": [
      mirrorSpan(0, { parentSpanId: id(idsOf(1).mirrorAttempt(0)) }),
      "mirror.spans[0].parent_span_id:",
    ],
    "the mirror's interval is not the full trace's": [
      mirrorSpan(0, { endTimeUnixNano: 2n ** 62n }),
      "mirror.spans[0].end_time_unix_nano:",
    ],
    "a first token comes after its span": [
      mirrorSpan(1, { timeToFirstTokenNanos: 2n ** 63n }),
      "mirror.spans[1].time_to_first_token_nanos:",
    ],
    "a response id has a space": [mirrorSpan(1, { responseId: "the answer" }), "mirror.spans[1].response_id:"],
    "a response model is long": [mirrorSpan(1, { responseModel: "x".repeat(129) }), "mirror.spans[1].response_model:"],
    "a provider has a line end": [mirrorSpan(1, { provider: "a\n" }), "mirror.spans[1].provider:"],
    "the server's address is a URL": [mirrorSpan(0, { serverUrl: "http://host/path" }), "mirror.spans[0].server_url:"],
    "there are many finish reasons": [
      mirrorSpan(1, { finishReasons: Array(17).fill(1) }),
      "mirror.spans[1].finish_reasons:",
    ],
    "the HTTP status is none": [mirrorSpan(1, { httpStatus: 99 }), "mirror.spans[1].http_status:"],
    "tokens are negative": [mirrorSpan(1, { usage: { inputTokens: -1n } }), "mirror.spans[1].usage:"],
    "audio tokens are absurd": [mirrorSpan(1, { usage: { audioInputTokens: 2n ** 62n } }), "mirror.spans[1].usage:"],
    "a price version has a space": [
      mirrorSpan(1, { cost: { inputNanoUsd: 0n, outputNanoUsd: 0n, totalNanoUsd: 0n, priceVersion: "the secret" } }),
      "mirror.spans[1].cost.price_version:",
    ],
    "a cost is absurd": [
      mirrorSpan(1, { cost: { inputNanoUsd: 0n, outputNanoUsd: 0n, totalNanoUsd: 2n ** 62n } }),
      "mirror.spans[1].cost:",
    ],
  };
  test.each(Object.entries(broken))("%s", (_name, [whole, field]) => {
    const reason = checkRecord(whole);
    expect(reason?.slice(0, field.length)).toBe(field);
    expect(reason).not.toContain("secret");
  });
});
