import { z } from "zod";
import { DEFAULT_WORKSPACE } from "#lib/auth/identity.ts";
import { RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { RecordedInvocation } from "../core/invocation.ts";

const text = z.string().optional();

/** A note as it is written: an invocation as JSON. */
const noteSchema = z.object({
  traceId: z.string(),
  spanId: z.string(),
  startNanos: z.string(),
  endpointId: z.string(),
  endpointName: z.string(),
  experiment: z.string(),
  // Notes of gateways that knew no workspaces are of the one there was.
  workspace: z.string().default(DEFAULT_WORKSPACE),
  callerWorkspace: z.string().default(DEFAULT_WORKSPACE),
  username: text,
  callerKey: text,
  requestType: z.enum(RequestType),
  messageFormat: text,
  streaming: z.boolean(),
  caller: z.object({
    product: text,
    session: text,
    user: text,
    run: text,
    serverUrl: text,
    experiment: z.object({ ref: z.object({ $case: z.literal(["id", "name"]), value: z.string() }) }).optional(),
  }),
  callerSpan: z.object({ traceId: z.string(), spanId: z.string() }).optional(),
  mirrorSpanId: z.string().optional(),
});

/** An invocation as a note for the outbox. */
export function noteOf(invocation: RecordedInvocation): string {
  return JSON.stringify({ ...invocation, startNanos: invocation.startNanos.toString() });
}

/** The invocation of a note. Throws a ZodError when an older or newer gateway wrote something else. */
export function invocationOf(note: string): RecordedInvocation {
  const { startNanos, caller, callerSpan, mirrorSpanId, messageFormat, username, callerKey, ...rest } =
    noteSchema.parse(JSON.parse(note));
  const { product, session, user, run, serverUrl, experiment } = caller;
  return {
    ...rest,
    messageFormat,
    username,
    callerKey,
    startNanos: BigInt(startNanos),
    caller: { product, session, user, run, serverUrl, experiment: experiment && { ref: experiment.ref } },
    callerSpan,
    mirrorSpanId,
  };
}
