import type { FullTwin, FullTwinSpan } from "#proto/twinspan/trace/v1/call.ts";
import type { Outcome, RecordedInvocation } from "../invocation.ts";
import { type KeptPayload, type KeptPayloads, payloadMarksOf } from "../payload/kept-payloads.ts";

const NO_ID = Buffer.alloc(0);

/** What only the full trace says of an invocation that has ended: where it is kept, who called, what became of its payload. */
export function fullTwinOf(invocation: RecordedInvocation, outcome: Outcome, kept: KeptPayloads): FullTwin {
  const { caller, callerSpan, workspace, callerWorkspace, mirrorSpanId } = invocation;
  return {
    traceId: Buffer.from(invocation.traceId, "hex"),
    spans: [
      fullTwinSpanOf(invocation.spanId, "", 0, kept.root),
      ...outcome.attempts.map(({ spanId, providerHost, providerPort }, index) =>
        fullTwinSpanOf(spanId, providerHost, providerPort, kept.attempts[index]),
      ),
    ],
    experiment: invocation.experiment,
    workspace,
    callerTraceId: idOf(callerSpan?.traceId),
    callerSpanId: idOf(callerSpan?.spanId),
    mirrorSpanId: idOf(callerSpan && mirrorSpanId),
    callerWorkspace: callerWorkspace === workspace ? "" : callerWorkspace,
    username: invocation.username ?? "",
    caller: caller.product ?? "",
    session: caller.session ?? "",
    user: caller.user ?? "",
    run: caller.run ?? "",
    messageFormat: invocation.messageFormat ?? "",
    passedOver: outcome.passedOver?.slice() ?? [],
    queueWaitNanos: outcome.waitedNanos,
    payloadKeep: kept.keep === "full" ? "" : kept.keep,
  };
}

function fullTwinSpanOf(
  spanId: string,
  serverAddress: string,
  serverPort: number,
  kept: KeptPayload | undefined,
): FullTwinSpan {
  const { redactions, withheld } = kept === undefined ? NO_MARKS : payloadMarksOf(kept);
  return {
    spanId: Buffer.from(spanId, "hex"),
    serverAddress,
    serverPort,
    payloadRedactions: redactions,
    payloadWithheld: [...withheld],
  };
}

const NO_MARKS = { redactions: 0, withheld: [] } as const;

function idOf(hex: string | undefined): Buffer {
  return hex === undefined ? NO_ID : Buffer.from(hex, "hex");
}
