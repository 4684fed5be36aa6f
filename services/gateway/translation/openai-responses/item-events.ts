import type { BlockEvent } from "../block-order.ts";
import { itemOf, textPartOf } from "./items.ts";

/** An event, without its number. */
export interface ResponseEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** Where the events of an item stand. */
export interface ItemPlace {
  readonly item_id: string;
  readonly output_index: number;
}

/** What an event of a block is in the stream of a response, in the order of OpenAI's events. */
export function itemEventsOf(event: BlockEvent, place: ItemPlace): readonly ResponseEvent[] {
  switch (event.type) {
    case "start": {
      const item = itemOf(place.item_id, event.block, undefined, undefined);
      return [{ type: "response.output_item.added", output_index: place.output_index, item }];
    }
    case "delta":
      return deltaEventsOf(event, place);
    case "end": {
      const item = itemOf(place.item_id, event.block, event.text, event.metadata);
      const done = { type: "response.output_item.done", output_index: place.output_index, item };
      return [...doneEventsOf(event, place), done];
    }
  }
}

function deltaEventsOf(
  { block, text, isFirst }: Extract<BlockEvent, { readonly type: "delta" }>,
  place: ItemPlace,
): readonly ResponseEvent[] {
  switch (block.kind) {
    case "text": {
      const at = { ...place, content_index: 0 };
      const added = { type: "response.content_part.added", ...at, part: textPartOf("") };
      const delta = { type: "response.output_text.delta", ...at, delta: text, logprobs: [] };
      return isFirst ? [added, delta] : [delta];
    }
    case "reasoning": {
      const at = { ...place, summary_index: 0 };
      const added = { type: "response.reasoning_summary_part.added", ...at, part: summaryPartOf("") };
      const delta = { type: "response.reasoning_summary_text.delta", ...at, delta: text };
      return isFirst ? [added, delta] : [delta];
    }
    case "tool-call":
      return [{ type: "response.function_call_arguments.delta", ...place, delta: text }];
    case "file":
      return [];
  }
}

function doneEventsOf(
  { block, text }: Extract<BlockEvent, { readonly type: "end" }>,
  place: ItemPlace,
): readonly ResponseEvent[] {
  switch (block.kind) {
    case "text": {
      const at = { ...place, content_index: 0 };
      return [
        { type: "response.output_text.done", ...at, text, logprobs: [] },
        { type: "response.content_part.done", ...at, part: textPartOf(text) },
      ];
    }
    case "reasoning": {
      // Reasoning that is hidden has no text.
      if (text === "") return [];
      const at = { ...place, summary_index: 0 };
      return [
        { type: "response.reasoning_summary_text.done", ...at, text },
        { type: "response.reasoning_summary_part.done", ...at, part: summaryPartOf(text) },
      ];
    }
    case "tool-call":
      return [{ type: "response.function_call_arguments.done", ...place, name: block.name, arguments: text }];
    case "file":
      return [];
  }
}

function summaryPartOf(text: string) {
  return { type: "summary_text", text };
}
