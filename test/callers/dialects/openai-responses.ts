import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { type ChatCaller, CITY, callInBytes, eventsIn, type Json, type Read, type Wanted } from "./dialect-caller.ts";
import { openAiRefusalOf } from "./openai-chat.ts";

/** A caller of OpenAI's responses. */
export const openAiResponsesCaller: ChatCaller = {
  requestType: "passthrough/model/openai-responses",
  finish: { stop: "completed", tools: "completed", length: "max_output_tokens" },
  usage: ({ input, output, cached }) => ({
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached },
    output_tokens: output,
    total_tokens: input + output,
  }),
  refusal: openAiRefusalOf,
  cut: { type: "error", code: "provider_protocol", error: { code: "provider_protocol" } },
  call(clients, wanted) {
    const { endpoint, stream = false } = wanted;
    const body = JSON.stringify(responseOf(wanted));
    const invocation = { dialect: Dialect.DIALECT_OPENAI_RESPONSES };
    return callInBytes(clients, wanted, { model: endpoint, body, invocation }, (told) =>
      stream && told.head?.status === 200 ? readEvents(eventsIn(told.body)) : readResponse(JSON.parse(told.body)),
    );
  },
};

function responseOf({ endpoint, question, stream, tools, image }: Wanted): object {
  const seen = { type: "input_image", image_url: `data:image/png;base64,${image}` };
  const content = [{ type: "input_text", text: question }, ...(image === undefined ? [] : [seen])];
  return {
    model: endpoint,
    store: false,
    input: [{ role: "user", content }],
    ...(stream ? { stream } : {}),
    ...(tools ? { tools: [{ type: "function", name: "weather", parameters: CITY, strict: false }] } : {}),
  };
}

function readResponse({ output = [], status, incomplete_details: incomplete, usage, error }: Json): Read {
  const items: Json[] = output;
  const parts = items.flatMap(({ type, content }) => (type === "message" ? content : []));
  const summaries = items.flatMap(({ type, summary }) => (type === "reasoning" ? summary : []));
  const calls = items.filter(({ type }) => type === "function_call");
  return {
    text: parts.map(({ text }: Json) => text ?? "").join(""),
    reasoning: summaries.map(({ text }: Json) => text).join(""),
    toolCalls: calls.map((call) => ({ name: call.name, input: JSON.parse(call.arguments) })),
    finish: incomplete?.reason ?? status,
    usage,
    error: error ?? undefined,
  };
}

/** A stream says everything twice: piece by piece, and whole with its last event. */
function readEvents(events: readonly Json[]): Read {
  const pieces = events.filter(({ type }) => type === "response.output_text.delta");
  const text = pieces.map(({ delta }) => delta).join("");
  const error = events.find(({ type }) => type === "error");
  if (error !== undefined) return { text, toolCalls: [], error };
  const whole = readResponse(events.at(-1).response);
  if (whole.text !== text) throw new Error("the stream's pieces are not its whole");
  return whole;
}
