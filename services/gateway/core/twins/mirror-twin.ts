import type { MirrorTwin } from "#proto/twinspan/trace/v1/call.ts";
import type { Outcome, RecordedInvocation } from "../invocation.ts";

/** What only the mirror says of an invocation that has ended: where it hangs. Undefined: none is to be written. */
export function mirrorTwinOf(
  invocation: RecordedInvocation,
  { attempts }: Pick<Outcome, "attempts">,
): MirrorTwin | undefined {
  const { callerSpan, mirrorSpanId } = invocation;
  if (callerSpan === undefined || mirrorSpanId === undefined) return undefined;
  let spanIds: string = mirrorSpanId;
  for (const attempt of attempts) spanIds += attempt.mirrorSpanId;
  return {
    traceId: Buffer.from(callerSpan.traceId, "hex"),
    parentSpanId: Buffer.from(callerSpan.spanId, "hex"),
    spanIds: Buffer.from(spanIds, "hex"),
    experiment: invocation.caller.experiment,
    linkedTraceId: Buffer.from(invocation.traceId, "hex"),
    linkedSpanId: Buffer.from(invocation.spanId, "hex"),
    workspace: invocation.callerWorkspace,
    callerKey: invocation.callerKey ?? "",
  };
}
