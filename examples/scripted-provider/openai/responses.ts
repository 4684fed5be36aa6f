import type { Answer } from "../answer.ts";
import { readShape } from "../read-shape.ts";
import { EVENT_STREAM } from "../server-sent-event.ts";
import type { Reader } from "../wire-format.ts";
import { SERVER_ERROR } from "./error.ts";
import { itemsOf, wholeItemOf } from "./response-items.ts";
import { failureEventsOf, responseEventsOf } from "./response-stream.ts";
import { type ResponsesShape, responsesAskedOf, responsesShape } from "./responses-request.ts";
import { responseUsageOf } from "./usage.ts";

/** OpenAI's responses. */
export const readResponses: Reader = ({ body }) =>
  readShape(responsesShape, body, (shape) => ({
    asked: responsesAskedOf(shape),
    write: (answer) => {
      const whole = responseOf(shape, answer);
      if (!shape.stream) return { body: JSON.stringify(whole) };
      const begun = { ...whole, ...BEGUN };
      return {
        contentType: EVENT_STREAM,
        chunks: responseEventsOf(answer, begun, whole),
        error: (sent) => failureEventsOf({ ...begun, status: "failed", error: RESPONSE_ERROR }, sent),
      };
    },
  }));

const RESPONSE_ERROR = { code: SERVER_ERROR.code, message: SERVER_ERROR.message };

/** What a response says of its outcome while there is none. */
const BEGUN = {
  status: "in_progress",
  completed_at: null,
  error: null,
  incomplete_details: null,
  output: [],
  usage: null,
} as const;

function responseOf(shape: ResponsesShape, answer: Answer) {
  return {
    id: `resp_${answer.id}`,
    object: "response",
    created_at: answer.created,
    ...outcomeOf(answer),
    background: false,
    instructions: shape.instructions ?? null,
    max_output_tokens: shape.max_output_tokens ?? null,
    max_tool_calls: null,
    model: answer.model,
    output: itemsOf(answer).map(wholeItemOf),
    parallel_tool_calls: shape.parallel_tool_calls ?? true,
    previous_response_id: shape.previous_response_id ?? null,
    reasoning: shape.reasoning ?? { effort: null, summary: null },
    service_tier: "default",
    store: shape.store ?? true,
    temperature: shape.temperature ?? 1,
    text: shape.text ?? { format: { type: "text" }, verbosity: "medium" },
    tool_choice: shape.tool_choice ?? "auto",
    tools: shape.tools ?? [],
    top_logprobs: 0,
    top_p: shape.top_p ?? 1,
    truncation: "disabled",
    ...(answer.usage === undefined ? {} : { usage: responseUsageOf(answer.usage) }),
    user: null,
    metadata: shape.metadata ?? {},
  };
}

function outcomeOf({ finish, created }: Answer) {
  switch (finish) {
    case "length":
      return { status: "incomplete", error: null, incomplete_details: { reason: "max_output_tokens" } } as const;
    case "content-filter":
      return { status: "incomplete", error: null, incomplete_details: { reason: "content_filter" } } as const;
    case "error":
      return { status: "failed", error: RESPONSE_ERROR, incomplete_details: null } as const;
    default:
      return { status: "completed", completed_at: created, error: null, incomplete_details: null } as const;
  }
}
