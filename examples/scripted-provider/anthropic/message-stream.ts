import type { Answer } from "../answer.ts";
import type { TypedData } from "../server-sent-event.ts";
import { blocksOf } from "./blocks.ts";
import { messageUsageOf } from "./usage.ts";

/** A message as far as its stream looks at it. */
interface StreamedMessage {
  readonly stop_reason: string;
}

/** The events of a message's stream. */
export function messageEventsOf(answer: Answer, message: StreamedMessage): readonly TypedData[] {
  const usage = answer.usage === undefined ? undefined : messageUsageOf(answer.usage);
  // At its start a stream has a first token, and no reason to stop.
  const begun = {
    ...message,
    content: [],
    stop_reason: null,
    ...(usage === undefined ? {} : { usage: { ...usage, output_tokens: 1 } }),
  };
  const [first = [], ...others] = blocksOf(answer).map(({ empty, deltas }, index) => [
    { type: "content_block_start", index, content_block: empty },
    ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
    { type: "content_block_stop", index },
  ]);
  return [
    { type: "message_start", message: begun },
    ...first.slice(0, 1),
    { type: "ping" },
    ...first.slice(1),
    ...others.flat(),
    {
      type: "message_delta",
      delta: { stop_reason: message.stop_reason, stop_sequence: null },
      ...(usage === undefined ? {} : { usage: deltaUsageOf(usage) }),
    },
    { type: "message_stop" },
  ];
}

function deltaUsageOf({ service_tier: _tier, cache_creation: _creation, ...usage }: ReturnType<typeof messageUsageOf>) {
  return usage;
}
