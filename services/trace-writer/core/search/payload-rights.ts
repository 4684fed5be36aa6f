import type { TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import { isPayload } from "../spans/payload-attributes.ts";
import type { Condition, Filter } from "./filter.ts";

/** What MLflow's clients say of a whole trace, and what is payload of it. */
const PAYLOAD_METADATA = new Set(["mlflow.traceInputs", "mlflow.traceOutputs"]);

/** A trace as it is shown to who may not read payload: without previews. */
export function withoutPreviews(info: TraceInfo): TraceInfo {
  const isShown = ([key]: readonly [string, string]) => !isPayloadOfTrace(key);
  return {
    ...info,
    requestPreview: "",
    responsePreview: "",
    metadata: Object.fromEntries(Object.entries(info.metadata).filter(isShown)),
    tags: Object.fromEntries(Object.entries(info.tags).filter(isShown)),
  };
}

/** Whether a filter asks of payload: who may not read it must not be able to guess it either, question by question. */
export function asksOfPayload(filter: Filter): boolean {
  switch (filter.kind) {
    case "and":
    case "or":
      return filter.parts.some(asksOfPayload);
    case "not":
      return asksOfPayload(filter.part);
    default:
      return isOfPayload(filter);
  }
}

function isOfPayload(condition: Condition): boolean {
  if (condition.kind === "number") return isPayload({ key: condition.key });
  if (condition.kind !== "text") return false;
  const { subject } = condition;
  switch (subject.of) {
    case "trace":
      return subject.field === "text";
    case "metadata":
    case "tag":
      return isPayloadOfTrace(subject.key);
    case "span attribute":
      return isPayload({ key: subject.key });
    case "facet":
    case "span":
      return false;
  }
}

function isPayloadOfTrace(key: string): boolean {
  return PAYLOAD_METADATA.has(key) || isPayload({ key });
}
