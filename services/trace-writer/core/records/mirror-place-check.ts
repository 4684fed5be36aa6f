import { isId } from "#lib/ids.ts";
import type { Mirror } from "#proto/twinspan/trace/v1/mirror.ts";
import { isExperimentName } from "../experiments/experiment-name.ts";
import { isConfiguredName, NAME_RULE } from "./configured-name.ts";

/** Where a mirror hangs, whose it is, and what it is the twin of. */
type MirrorPlace = Pick<
  Mirror,
  "traceId" | "linkedTraceId" | "linkedSpanId" | "workspace" | "callerKey" | "experiment"
>;

/** The rule that is broken by where a mirror hangs, with its field. Undefined: none is. */
export function checkMirrorPlace(
  mirror: MirrorPlace,
  fullTraceId: Buffer,
  rootId: Buffer | undefined,
): string | undefined {
  if (!isId(mirror.traceId, 16)) return "trace_id: must be 16 bytes, not all zero";
  if (mirror.traceId.equals(fullTraceId)) return "trace_id: must not be the full trace's";
  if (!mirror.linkedTraceId.equals(fullTraceId)) return "linked_trace_id: must be the full trace's";
  if (rootId?.equals(mirror.linkedSpanId) !== true) return "linked_span_id: must be the full root's";
  if (!isConfiguredName(mirror.workspace)) return `workspace: ${NAME_RULE}`;
  if (!isConfiguredName(mirror.callerKey)) return `caller_key: ${NAME_RULE}`;
  if (mirror.experiment?.ref?.$case === "name" && !isExperimentName(mirror.experiment.ref.value)) {
    return "experiment.name: must be 1 to 250 printable characters";
  }
  return undefined;
}
