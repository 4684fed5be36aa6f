import { describe, expect, test } from "vitest";
import { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";
import { RecordWriter } from "../../../services/gateway/core/twins/record.ts";
import { checkRecord } from "../../../services/trace-writer/core/records/record-check.ts";
import { spanId, traceId } from "../../service/trace-writer/sample-traces.ts";
import { SAMPLE_CALLS } from "../gateway/sample-calls.ts";

const id = (digits: string) => Buffer.from(digits, "hex");

/** The record of a call of two attempts, that has a mirror. A new one each time. */
function sample() {
  const { invocation, outcome, kept } = SAMPLE_CALLS["everything"] ?? {};
  if (invocation === undefined || outcome === undefined || kept === undefined) throw new Error("there is no sample");
  const { told, payload } = new RecordWriter().recordOf(invocation, outcome, kept);
  const { call, fullTwin, mirrorTwin, ...rest } = InvocationRecord.decode(Buffer.concat([told, payload]));
  if (call === undefined || fullTwin === undefined || mirrorTwin === undefined) throw new Error("the sample is broken");
  return { ...rest, call, fullTwin, mirrorTwin };
}

type Sample = ReturnType<typeof sample>;
const call = (change: Partial<Sample["call"]>): InvocationRecord => {
  const whole = sample();
  return { ...whole, call: { ...whole.call, ...change } };
};
const attempt = (change: Partial<Sample["call"]["attempts"][number]>): InvocationRecord => {
  const [first, ...others] = sample().call.attempts;
  return call({ attempts: first === undefined ? [] : [{ ...first, ...change }, ...others] });
};
const full = (change: Partial<Sample["fullTwin"]>): InvocationRecord => {
  const whole = sample();
  return { ...whole, fullTwin: { ...whole.fullTwin, ...change } };
};
const mirror = (change: Partial<Sample["mirrorTwin"]>): InvocationRecord => {
  const whole = sample();
  return { ...whole, mirrorTwin: { ...whole.mirrorTwin, ...change } };
};
const NO_ID = Buffer.alloc(0);
const LONG = "secret".repeat(51);
const fullSpans = () => sample().fullTwin.spans;
const noSpan = { serverAddress: "", serverPort: 0, payloadRedactions: 0, payloadWithheld: [] };

test("a record that tells its call by every rule is not refused, with and without a mirror", () => {
  expect(checkRecord(sample())).toBeUndefined();
  expect(checkRecord({ ...full({ mirrorSpanId: NO_ID }), mirrorTwin: undefined })).toBeUndefined();
  const alone = full({ callerTraceId: NO_ID, callerSpanId: NO_ID, mirrorSpanId: NO_ID });
  expect(checkRecord({ ...alone, mirrorTwin: undefined })).toBeUndefined();
});

describe("a record that tells its call is refused, with field and rule, when", () => {
  const broken: Readonly<Record<string, readonly [InvocationRecord, string]>> = {
    "it has nothing of the full trace": [{ ...sample(), fullTwin: undefined }, "full_twin:"],
    "it does not say when it began": [call({ startTimeUnixNano: 0n }), "call.start_time_unix_nano:"],
    "it ends beyond all times": [call({ durationNanos: 2n ** 63n }), "call.duration_nanos:"],
    "it names no endpoint": [call({ endpointName: "" }), "call.endpoint_name:"],
    "its endpoint's id is a sentence": [call({ endpointId: "the secret" }), "call.endpoint_id:"],
    "the server's address is a URL": [call({ serverUrl: "http://host/secret" }), "call.server_url:"],
    "its error is of no list": [call({ errorType: ErrorType.UNRECOGNIZED }), "call.error_type:"],
    "it has too many attempts": [
      call({ attempts: Array.from({ length: 64 }, () => sample().call.attempts).flat() }),
      "call.attempts:",
    ],
    "an attempt ends after the call": [attempt({ durationNanos: 2n ** 62n }), "call.attempts[0].duration_nanos:"],
    "a first token comes after its attempt": [
      attempt({ durationNanos: 7n, timeToFirstTokenNanos: 8n }),
      "call.attempts[0].time_to_first_token_nanos:",
    ],
    "a first token comes beyond all times": [
      attempt({ timeToFirstTokenNanos: 2n ** 63n }),
      "call.attempts[0].time_to_first_token_nanos:",
    ],
    "an attempt names no provider": [attempt({ provider: "" }), "call.attempts[0].provider:"],
    "an attempt names no model": [attempt({ requestModel: "" }), "call.attempts[0].request_model:"],
    "a response id has a space": [attempt({ responseId: "the secret" }), "call.attempts[0].response_id:"],
    "tokens are negative": [attempt({ usage: { inputTokens: -1n } }), "call.attempts[0].usage:"],
    "the full trace's id is short": [full({ traceId: id("01") }), "full_twin.trace_id:"],
    "its experiment has no name": [full({ experiment: "" }), "full_twin.experiment:"],
    "its workspace is no name": [full({ workspace: "the secret" }), "full_twin.workspace:"],
    "it has fewer spans than the call": [full({ spans: fullSpans().slice(1) }), "full_twin.spans:"],
    "two spans share an id": [
      full({ spans: fullSpans().map((span) => ({ ...span, spanId: id(spanId(7)) })) }),
      "full_twin.spans.span_id:",
    ],
    "a span's id is zero": [
      full({ spans: fullSpans().map(() => ({ ...noSpan, spanId: Buffer.alloc(8) })) }),
      "full_twin.spans.span_id:",
    ],
    "the caller's span is none": [full({ callerSpanId: id("01") }), "full_twin.caller_span_id:"],
    "what the caller claims is long": [full({ session: "secret".repeat(42) }), "full_twin:"],
    "it waited longer than it took": [full({ queueWaitNanos: 2n ** 63n }), "full_twin.queue_wait_nanos:"],
    "its format is a story": [full({ messageFormat: LONG }), "full_twin.message_format:"],
    "what is kept is a story": [full({ payloadKeep: LONG }), "full_twin.payload_keep:"],
    "a model that was passed over is a story": [full({ passedOver: [LONG] }), "full_twin.passed_over:"],
    "too many models were passed over": [full({ passedOver: Array(65).fill("a/b") }), "full_twin.passed_over:"],
    "a provider's host is a story": [
      full({ spans: fullSpans().map((span) => ({ ...span, serverAddress: LONG })) }),
      "full_twin.spans.server_address:",
    ],
    "what is withheld is a story": [
      full({ spans: fullSpans().map((span) => ({ ...span, payloadWithheld: [LONG] })) }),
      "full_twin.spans.payload_withheld:",
    ],
    "the full trace links to a mirror that is not there": [
      { ...sample(), mirrorTwin: undefined },
      "full_twin.mirror_span_id:",
    ],
    "the caller has a trace and no span": [
      { ...full({ callerSpanId: NO_ID, mirrorSpanId: NO_ID }), mirrorTwin: undefined },
      "full_twin.caller_span_id:",
    ],
    "the caller has a span and no trace": [
      { ...full({ callerTraceId: NO_ID, mirrorSpanId: NO_ID }), mirrorTwin: undefined },
      "full_twin.caller_span_id:",
    ],
    "the mirror is in another trace than the caller's": [
      full({ callerTraceId: id(traceId(7)) }),
      "full_twin.caller_trace_id:",
    ],
    "the mirror hangs under another span than the caller's": [
      mirror({ parentSpanId: id(spanId(7)) }),
      "full_twin.caller_span_id:",
    ],
    "the full trace links to another span of the mirror": [
      full({ mirrorSpanId: sample().mirrorTwin.spanIds.subarray(8, 16) }),
      "full_twin.mirror_span_id:",
    ],
    "the full trace links to no mirror where there is one": [
      full({ mirrorSpanId: NO_ID }),
      "full_twin.mirror_span_id:",
    ],
    "the mirror is in the full trace itself": [mirror({ traceId: sample().fullTwin.traceId }), "mirror_twin.trace_id:"],
    "the mirror links elsewhere": [mirror({ linkedTraceId: id(traceId(7)) }), "mirror_twin.linked_trace_id:"],
    "the mirror links to another span": [mirror({ linkedSpanId: id(spanId(7)) }), "mirror_twin.linked_span_id:"],
    "the mirror hangs nowhere": [mirror({ parentSpanId: Buffer.alloc(8) }), "mirror_twin.parent_span_id:"],
    "the mirror has fewer spans than the call": [mirror({ spanIds: id(spanId(7)) }), "mirror_twin.span_ids:"],
    "two mirrored spans share an id": [mirror({ spanIds: id(spanId(7).repeat(3)) }), "mirror_twin.span_ids:"],
    "a mirrored span's id is zero": [mirror({ spanIds: Buffer.alloc(24) }), "mirror_twin.span_ids:"],
    "the mirror hangs under itself": [mirror({ parentSpanId: id("ee".repeat(8)) }), "mirror_twin.span_ids:"],
    "the mirror's key is no name": [mirror({ callerKey: "the secret" }), "mirror_twin.caller_key:"],
    "the mirror names an experiment without a name": [
      mirror({ experiment: { ref: { $case: "name", value: "" } } }),
      "mirror_twin.experiment.name:",
    ],
  };
  test.each(Object.entries(broken))("%s", (_name, [whole, field]) => {
    const reason = checkRecord(whole);
    expect(reason?.slice(0, field.length)).toBe(field);
    expect(reason).not.toContain("secret");
  });
});

test("a payload must be of a span that is told", () => {
  const whole = sample();
  const spans = fullSpans().map((span, index) => ({ ...span, spanId: id(spanId(7 + index)) }));
  const fullTwin = { ...whole.fullTwin, spans, mirrorSpanId: NO_ID };
  const reason = checkRecord({ ...whole, fullTwin, mirrorTwin: undefined });
  expect(reason).toMatch(/^payloads\[0\]\.span_id:/);
});
