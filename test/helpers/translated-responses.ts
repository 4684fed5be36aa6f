import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { FormatCaller, Read } from "./translated-call.ts";
import { dataIn, type Json, PNG, QUESTION, SCHEMA } from "./translated-call.ts";

/** A caller who speaks OpenAI's responses. */
export const responsesCaller: FormatCaller = {
  asking(model, { stream, tools, image }) {
    const seen = image ? [{ type: "input_image", image_url: `data:image/png;base64,${PNG}` }] : [];
    const body = {
      model,
      input: [{ role: "user", content: [{ type: "input_text", text: QUESTION }, ...seen] }],
      store: false,
      ...(stream ? { stream } : {}),
      ...(tools ? { tools: [{ type: "function", name: "weather", parameters: SCHEMA, strict: false }] } : {}),
    };
    return { model, body: JSON.stringify(body), invocation: { dialect: Dialect.DIALECT_OPENAI_RESPONSES } };
  },
  read({ body }, { stream }) {
    if (stream && body.includes("data: ")) return readEvents(dataIn(body));
    const answer = JSON.parse(body || "{}");
    return readResponse(answer, answer.error?.message);
  },
};

/** What came of a stream: the whole response of its last event, or the texts before it broke off. */
function readEvents(events: readonly Json[]): Read {
  const last = events.at(-1);
  const error = last?.message ?? last?.error?.message ?? last?.response?.error?.message;
  if (error === undefined) return readResponse(last?.response ?? {}, undefined);
  const deltasOf = (type: string) =>
    events
      .filter((event) => event.type === type)
      .map(({ delta }) => delta)
      .join("");
  const reasoning = deltasOf("response.reasoning_summary_text.delta");
  return { text: deltasOf("response.output_text.delta"), reasoning, toolCalls: [], finish: undefined, error };
}

function readResponse({ output = [], status, incomplete_details }: Json, error: string | undefined): Read {
  const of = (type: string): Json[] => output.filter((item: Json) => item.type === type);
  const textsIn = (parts: readonly Json[]) => parts.map(({ text }) => text).join("");
  return {
    text: of("message")
      .map(({ content }) => textsIn(content))
      .join(""),
    reasoning: of("reasoning")
      .map(({ summary }) => textsIn(summary))
      .join(""),
    toolCalls: of("function_call").map(({ name, arguments: input }) => ({ name, input: JSON.parse(input) })),
    finish: incomplete_details?.reason ?? status,
    error: error ?? undefined,
  };
}
