import type { Mirror } from "#proto/twinspan/trace/v1/mirror.ts";
import type { RecordedInvocation } from "../invocation.ts";
import type { TwinSpans } from "./twin-spans.ts";

/**
 * The mirror of an invocation that has ended: its payload-free twin in the caller's trace (tracing.md §3). Undefined: none
 * is to be written. It is built field by field from what is allowed, and its type has no place for anything else.
 */
export function mirrorOf(invocation: RecordedInvocation, { gateway, attempts }: TwinSpans): Mirror | undefined {
  const { callerSpan, mirrorSpanId } = invocation;
  if (callerSpan === undefined || mirrorSpanId === undefined) return undefined;
  const gatewaySpanId = Buffer.from(mirrorSpanId, "hex");
  return {
    traceId: Buffer.from(callerSpan.traceId, "hex"),
    spans: [
      {
        ...gateway,
        spanId: gatewaySpanId,
        parentSpanId: Buffer.from(callerSpan.spanId, "hex"),
      },
      ...attempts.map(({ attempt, twin }) => ({
        ...twin,
        spanId: Buffer.from(attempt.mirrorSpanId, "hex"),
        parentSpanId: gatewaySpanId,
      })),
    ],
    experiment: invocation.caller.experiment,
    linkedTraceId: Buffer.from(invocation.traceId, "hex"),
    linkedSpanId: Buffer.from(invocation.spanId, "hex"),
    workspace: invocation.callerWorkspace,
    callerKey: invocation.callerKey ?? "",
  };
}
