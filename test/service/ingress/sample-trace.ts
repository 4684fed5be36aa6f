import { Span_SpanKind, Status_StatusCode } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { type Trace, type TraceInfo, TraceState } from "#proto/twinspan/trace/v1/trace.ts";

// A trace as the trace-writer answers it, with one of each thing that MLflow's shape has a rule for.
export const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
export const PENDING_ID = "0af7651916cd43dd8448eb2100000001";

export const INFO: TraceInfo = {
  traceId: `tr-${TRACE_ID}`,
  experimentId: "7",
  state: TraceState.TRACE_STATE_OK,
  name: "gateway/demo",
  startTimeUnixNano: 1_700_000_000_123_456_789n,
  durationNanos: 1_234_000_000n,
  spanCount: 2,
  requestPreview: "hi",
  responsePreview: "ho",
  metadata: { "mlflow.gateway.endpointId": "ep-1" },
  tags: { mine: "1" },
  usage: {
    inputTokens: 41n,
    outputTokens: 57n,
    totalTokens: 98n,
    cacheReadInputTokens: undefined,
    cacheWriteInputTokens: undefined,
    reasoningOutputTokens: undefined,
  },
  cost: { inputNanoUsd: 1_000n, outputNanoUsd: 2_000n, totalNanoUsd: 3_000n },
  sealed: true,
  linkedTraceIds: ["tr-00000000000000000000000000000001"],
  clientRequestId: "",
  unclaimed: false,
};

const SPAN = {
  traceId: Buffer.from(TRACE_ID, "hex"),
  traceState: "",
  flags: 0,
  droppedAttributesCount: 0,
  droppedEventsCount: 0,
  droppedLinksCount: 0,
};

export const TRACE: Trace = {
  info: INFO,
  mirrorSpanIds: [Buffer.from("0000000000000002", "hex")],
  resourceSpans: [
    {
      resource: undefined,
      schemaUrl: "",
      scopeSpans: [
        {
          scope: undefined,
          schemaUrl: "",
          spans: [
            {
              ...SPAN,
              spanId: Buffer.from("0000000000000002", "hex"),
              parentSpanId: Buffer.from("0000000000000001", "hex"),
              name: "model/scripted/echo-1",
              kind: Span_SpanKind.SPAN_KIND_CLIENT,
              startTimeUnixNano: 1_700_000_000_200_000_000n,
              endTimeUnixNano: 1_700_000_001_000_000_000n,
              attributes: [],
              events: [],
              links: [],
              status: { code: Status_StatusCode.STATUS_CODE_ERROR, message: "provider_timeout" },
            },
            {
              ...SPAN,
              spanId: Buffer.from("0000000000000001", "hex"),
              parentSpanId: Buffer.alloc(0),
              name: "gateway/demo",
              kind: Span_SpanKind.SPAN_KIND_SERVER,
              startTimeUnixNano: 1_700_000_000_123_456_789n,
              endTimeUnixNano: 1_700_000_001_357_456_789n,
              attributes: [
                { key: "text", value: { value: { $case: "stringValue", value: "t" } } },
                { key: "whole", value: { value: { $case: "intValue", value: 9_007_199_254_740_993n } } },
                { key: "real", value: { value: { $case: "doubleValue", value: 1.5 } } },
                { key: "none", value: { value: { $case: "doubleValue", value: Number.NaN } } },
                { key: "flag", value: { value: { $case: "boolValue", value: false } } },
                { key: "bytes", value: { value: { $case: "bytesValue", value: Buffer.from([1, 2]) } } },
                {
                  key: "list",
                  value: {
                    value: {
                      $case: "arrayValue",
                      value: { values: [{ value: { $case: "stringValue", value: "x" } }] },
                    },
                  },
                },
                {
                  key: "map",
                  value: {
                    value: { $case: "kvlistValue", value: { values: [{ key: "k", value: { value: undefined } }] } },
                  },
                },
              ],
              events: [{ timeUnixNano: 5n, name: "exception", attributes: [], droppedAttributesCount: 2 }],
              links: [
                {
                  traceId: Buffer.from("00000000000000000000000000000001", "hex"),
                  spanId: Buffer.from("0000000000000009", "hex"),
                  traceState: "",
                  attributes: [],
                  droppedAttributesCount: 0,
                  flags: 0,
                },
              ],
              status: undefined,
            },
          ],
        },
      ],
    },
  ],
};
