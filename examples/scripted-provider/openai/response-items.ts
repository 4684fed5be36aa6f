import type { Answer, ToolCall } from "../answer.ts";

/** An item of a response's output: what it is when it is whole, and the pieces it comes in. */
export type ResponseItem =
  | { readonly kind: "reasoning"; readonly id: string; readonly pieces: readonly string[] }
  | { readonly kind: "message"; readonly id: string; readonly pieces: readonly string[]; readonly whole: boolean }
  | { readonly kind: "call"; readonly id: string; readonly pieces: readonly string[]; readonly call: ToolCall };

/** The items of an answer's output, in order. */
export function itemsOf({ id, reasoning, text, calls, finish }: Answer): readonly ResponseItem[] {
  const whole = finish !== "length" && finish !== "content-filter";
  const said = text.length > 0 || calls.length === 0;
  return [
    ...(reasoning.length === 0 ? [] : [{ kind: "reasoning" as const, id: `rs_${id}`, pieces: reasoning }]),
    ...(said ? [{ kind: "message" as const, id: `msg_${id}`, pieces: text, whole }] : []),
    ...calls.map((call) => ({ kind: "call" as const, id: `fc_${call.id}`, pieces: call.pieces, call })),
  ];
}

/** An item as it is in the output. */
export function wholeItemOf(item: ResponseItem) {
  const { id, pieces } = item;
  const text = pieces.join("");
  switch (item.kind) {
    case "reasoning":
      return { id, type: "reasoning", status: "completed", summary: [{ type: "summary_text", text }] };
    case "message": {
      const status = item.whole ? "completed" : "incomplete";
      return { id, type: "message", status, role: "assistant", content: [textPartOf(text)] };
    }
    case "call":
      return { ...callHeadOf(item.id, item.call), status: "completed", arguments: text };
  }
}

/** An item as a stream announces it, still empty. */
export function emptyItemOf(item: ResponseItem) {
  switch (item.kind) {
    case "reasoning":
      return { id: item.id, type: "reasoning", status: "in_progress", summary: [] };
    case "message":
      return { id: item.id, type: "message", status: "in_progress", role: "assistant", content: [] };
    case "call":
      return { ...callHeadOf(item.id, item.call), status: "in_progress", arguments: "" };
  }
}

/** A part of a message. */
export function textPartOf(text: string) {
  return { type: "output_text", annotations: [], logprobs: [], text };
}

function callHeadOf(id: string, call: ToolCall) {
  return { id, type: "function_call", call_id: `call_${call.id}`, name: call.name };
}
