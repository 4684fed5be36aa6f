import type { SpanPayload } from "#proto/twinspan/trace/v1/invocation_record.ts";
import type { Failure, Invocation, Outcome } from "./invocation.ts";

/** An error's text is cut here. */
const ERROR_TEXT_MAX = 16 * 1024;
const NOTHING = Buffer.alloc(0);

/** The payload of the full trace's spans, each piece once: what was asked and answered, and what failures said. */
export function payloadsOf(invocation: Invocation, outcome: Outcome): SpanPayload[] {
  const { inputs, outputs, failure } = outcome;
  const payloads = [
    {
      spanId: Buffer.from(invocation.spanId, "hex"),
      inputs: inputs?.bytes ?? NOTHING,
      outputs: outputs?.bytes ?? NOTHING,
      errorText: errorTextOf(failure),
      truncated: (inputs?.truncated ?? false) || (outputs?.truncated ?? false),
    },
    ...outcome.attempts.map((attempt) => ({
      spanId: Buffer.from(attempt.spanId, "hex"),
      inputs: attempt.inputs?.bytes ?? NOTHING,
      outputs: NOTHING,
      errorText: errorTextOf(attempt.failure),
      truncated: attempt.inputs?.truncated ?? false,
    })),
  ];
  return payloads.filter((payload) => payload.inputs.length + payload.outputs.length + payload.errorText.length > 0);
}

function errorTextOf(failure: Failure | undefined): string {
  return failure === undefined ? "" : failure.text.slice(0, ERROR_TEXT_MAX);
}
