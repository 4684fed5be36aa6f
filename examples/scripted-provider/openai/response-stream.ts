import type { Answer } from "../answer.ts";
import { type TypedData, typedEventOf } from "../server-sent-event.ts";
import { SERVER_ERROR } from "./error.ts";
import { emptyItemOf, itemsOf, type ResponseItem, textPartOf, wholeItemOf } from "./response-items.ts";

/** A response as far as its stream looks at it. */
interface StreamedResponse {
  readonly status: string;
  readonly [field: string]: unknown;
}

/** The events of a response's stream: `begun` is the response at its start, `whole` at its end. */
export function responseEventsOf(answer: Answer, begun: StreamedResponse, whole: StreamedResponse): readonly string[] {
  const events: readonly TypedData[] = [
    { type: "response.created", response: begun },
    { type: "response.in_progress", response: begun },
    ...itemsOf(answer).flatMap(itemEventsOf),
    { type: `response.${whole.status}`, response: whole },
  ];
  return events.map((event, number) => typedEventOf({ ...event, sequence_number: number }));
}

/** How a response's stream tells that it failed after so many events: `error`, then `response.failed`. */
export function failureEventsOf(failed: StreamedResponse, sent: number): string {
  const error = typedEventOf({ type: "error", sequence_number: sent, error: SERVER_ERROR });
  return error + typedEventOf({ type: "response.failed", response: failed, sequence_number: sent + 1 });
}

function itemEventsOf(item: ResponseItem, output_index: number): readonly TypedData[] {
  const place = { item_id: item.id, output_index };
  return [
    { type: "response.output_item.added", output_index, item: emptyItemOf(item) },
    ...contentEventsOf(item, place),
    { type: "response.output_item.done", output_index, item: wholeItemOf(item) },
  ];
}

function contentEventsOf(item: ResponseItem, place: object): readonly TypedData[] {
  const { pieces } = item;
  const text = pieces.join("");
  const deltas = (type: string, where: object, more: object = {}) =>
    pieces.map((delta) => ({ type, ...where, delta, ...more }));
  switch (item.kind) {
    case "reasoning": {
      const where = { ...place, summary_index: 0 };
      return [
        { type: "response.reasoning_summary_part.added", ...where, part: { type: "summary_text", text: "" } },
        ...deltas("response.reasoning_summary_text.delta", where),
        { type: "response.reasoning_summary_text.done", ...where, text },
        { type: "response.reasoning_summary_part.done", ...where, part: { type: "summary_text", text } },
      ];
    }
    case "message": {
      const where = { ...place, content_index: 0 };
      return [
        { type: "response.content_part.added", ...where, part: textPartOf("") },
        ...deltas("response.output_text.delta", where, { logprobs: [] }),
        { type: "response.output_text.done", ...where, text, logprobs: [] },
        { type: "response.content_part.done", ...where, part: textPartOf(text) },
      ];
    }
    case "call":
      return [
        ...deltas("response.function_call_arguments.delta", place),
        { type: "response.function_call_arguments.done", ...place, name: item.call.name, arguments: text },
      ];
  }
}
