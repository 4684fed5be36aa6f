import { invalidField } from "#lib/service-error.ts";
import { fieldOf } from "./filter-fields.ts";

/** How found traces are ordered. Those that are equal are ordered by id, ascending. */
export interface TraceOrder {
  readonly by: "start" | "duration";
  readonly descending: boolean;
}

export const NEWEST_FIRST: TraceOrder = { by: "start", descending: true };

/**
 * Reads an order as MLflow's clients write it: a field, and `ASC` (the default) or `DESC`. Empty: the newest first. An
 * `invalid_request` names what can be ordered by.
 */
export function parseTraceOrder(text: string): TraceOrder {
  if (text.trim() === "") return NEWEST_FIRST;
  const [, path = "", direction = "asc"] = /^\s*([\w.`]{1,100})(?:\s+(asc|desc))?\s*$/i.exec(text) ?? [];
  const field = fieldOf(path.replaceAll("`", ""));
  if (field?.type === "time" && field.field !== "end") {
    return { by: field.field, descending: direction.toLowerCase() === "desc" };
  }
  throw invalidField(
    "order_by",
    "must be one of timestamp_ms (the start) or execution_time_ms (the duration), followed by ASC or DESC",
  );
}
