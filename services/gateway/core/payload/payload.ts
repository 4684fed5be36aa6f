import type { SpanIdHex } from "#lib/ids.ts";
import type { SpanPayload } from "#proto/twinspan/trace/v1/invocation_record.ts";
import type { Outcome, RecordedInvocation } from "../invocation.ts";
import type { KeptPayload, KeptPayloads } from "./kept-payloads.ts";

/** An error's text is cut here. */
const ERROR_TEXT_MAX = 16 * 1024;

/** The payload of the full trace's spans, as far as it is kept: what was asked and answered, and what failures said. */
export function payloadsOf(invocation: RecordedInvocation, { attempts }: Outcome, kept: KeptPayloads): SpanPayload[] {
  const payloads = [
    spanPayloadOf(invocation.spanId, kept.root),
    ...attempts.flatMap(({ spanId }, index) => {
      const payload = kept.attempts[index];
      return payload === undefined ? [] : [spanPayloadOf(spanId, payload)];
    }),
  ];
  return payloads.filter((payload) => payload.inputs.length + payload.outputs.length + payload.errorText.length > 0);
}

function spanPayloadOf(spanId: SpanIdHex, { inputs, outputs, errorText }: KeptPayload): SpanPayload {
  return {
    spanId: Buffer.from(spanId, "hex"),
    inputs: inputs.bytes,
    outputs: outputs.bytes,
    errorText: errorText.bytes.toString("utf8").slice(0, ERROR_TEXT_MAX),
    truncated: inputs.truncated || outputs.truncated,
  };
}
