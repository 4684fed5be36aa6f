import { type Answer, argumentsOf } from "../answer.ts";

/** A block of a message's content. */
export interface Block {
  /** As it is in a message. */
  readonly whole: object;
  /** As a stream announces it, still empty. */
  readonly empty: object;
  /** The pieces it comes in. */
  readonly deltas: readonly object[];
}

/** The blocks of an answer, in order: thinking, text, the tools it uses. */
export function blocksOf({ id, reasoning, text, calls }: Answer): readonly Block[] {
  const blocks: Block[] = [];
  if (reasoning.length > 0) {
    const signature = Buffer.from(`signed ${id}`).toString("base64");
    blocks.push({
      whole: { type: "thinking", thinking: reasoning.join(""), signature },
      empty: { type: "thinking", thinking: "", signature: "" },
      deltas: [
        ...reasoning.map((thinking) => ({ type: "thinking_delta", thinking })),
        { type: "signature_delta", signature },
      ],
    });
  }
  if (text.length > 0 || calls.length === 0) {
    blocks.push({
      whole: { type: "text", text: text.join("") },
      empty: { type: "text", text: "" },
      deltas: text.map((piece) => ({ type: "text_delta", text: piece })),
    });
  }
  for (const call of calls) {
    const head = { type: "tool_use", id: `toolu_${call.id}`, name: call.name };
    blocks.push({
      whole: { ...head, input: argumentsOf(call) },
      empty: { ...head, input: {} },
      deltas: ["", ...call.pieces].map((json) => ({ type: "input_json_delta", partial_json: json })),
    });
  }
  return blocks;
}
