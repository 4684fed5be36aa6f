import { newSpanId, newTraceId } from "#lib/ids.ts";
import { RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { RecordedInvocation } from "../../../services/gateway/core/invocation.ts";
import { keptPayloadsOf } from "../../../services/gateway/core/payload/kept-payloads.ts";
import { KEEP_ALL } from "../../../services/gateway/core/payload/payload-policy.ts";
import { RecordWriter, type SerializedRecord } from "../../../services/gateway/core/twins/record.ts";

/** An invocation as it is noted: nobody's, without a caller's context. */
export function sampleInvocation(): RecordedInvocation {
  const none = undefined;
  return {
    traceId: newTraceId(),
    spanId: newSpanId(),
    startNanos: 1_800_000_000_000_000_000n,
    endpointId: "ep-0",
    endpointName: "demo",
    experiment: "gateway/demo",
    workspace: "default",
    callerWorkspace: "default",
    username: none,
    callerKey: none,
    requestType: RequestType.REQUEST_TYPE_OPENAI_CHAT,
    messageFormat: "openai",
    streaming: false,
    caller: { product: none, session: none, user: none, run: none, serverUrl: none, experiment: none },
    callerSpan: none,
    mirrorSpanId: none,
  };
}

/** Its record when it has ended at once, with these inputs and no attempt. */
export function sampleRecord(invocation: RecordedInvocation, inputs: Buffer): SerializedRecord {
  const ended = {
    endNanos: invocation.startNanos + 1n,
    failure: undefined,
    attempts: [],
    inputs: { bytes: inputs, truncated: false },
    outputs: undefined,
  };
  return new RecordWriter().recordOf(
    invocation,
    ended,
    keptPayloadsOf(ended, KEEP_ALL, () => ""),
  );
}
