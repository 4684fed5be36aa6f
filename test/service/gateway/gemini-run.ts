import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { CALLER, type Told } from "../../callers/gateway-client.ts";
import { type GatewayRun, startGatewayRun } from "../../system/start-gateway.ts";

/** What must be in the full trace alone. */
export const CANARY = "canary-c51a37";
/** What the prompt says, and the scripted provider echoes. */
export const WORDS = `one two three four ${CANARY}`;
/** After how many chunks a stream is cut. */
export const CUTS = [0, 1, 2, 3, 4, 5];
/** The forms of a stream: what it is, and the query that asks for it. */
export const FORMS = [
  ["events", "alt=sse"],
  ["an array", ""],
] as const;
/** Odd, but generated content all the same. */
export const BODY = `{ "candidates" : [{"content":{"parts":[{"text":"${CANARY} \\u00e9"}]},"big":12345678901234567890}]}\n`;
/** The same as an array that grows, with all that JSON allows between its elements. */
export const ARRAY = `\n[ ${BODY} ,\r\n\n${BODY}\t]\n\n`;
/** What Google says of a key that it does not know: 400, not 401. */
const BAD_KEY = `{"error": {"code": 400, "message": "API key not valid. ${CANARY}", "status": "INVALID_ARGUMENT", "details": [
  {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}]}}`;

/** A gateway whose endpoints are models of Gemini's, each with a behaviour of its own. */
export async function startGeminiRun(): Promise<GatewayRun> {
  const provider = (baseUrl: string) => ({
    kind: "gemini",
    baseUrl: baseUrl.replace("/v1", "/gemini/v1beta"),
    apiKey: "the-key",
  });
  const behaviours = {
    echo: {},
    counted: { usage: { cachedInput: 7, audioInput: 3, audioOutput: 2 }, reasoning: `hm ${CANARY}` },
    tools: { toolCall: true },
    filtered: { finish: "content-filter" },
    refuses: { status: 400 },
    limits: { status: 429 },
    "unknown-key": { status: 400, body: BAD_KEY },
    "fails-midway": { errorAfterChunks: 2 },
    "fails-at-once": { errorAfterChunks: 0 },
    stalls: { stallAfterChunks: 3 },
    verbatim: { body: BODY },
    "verbatim-array": { body: ARRAY, contentType: "application/json; charset=UTF-8" },
    ...Object.fromEntries(CUTS.map((at) => [`cut-${at}`, { cutAfterChunks: at }])),
    ...Object.fromEntries(CUTS.map((at) => [`half-${at}`, { cutAfterChunks: at, halfChunk: true }])),
  } as const;
  return startGatewayRun({
    endpoints: Object.fromEntries(
      Object.entries(behaviours).map(([name, behaviour]) => [name, { behaviour, provider }]),
    ),
  });
}

/** What is asked, and the same as a body, with spaces that must stay. */
export const CONTENTS = [{ role: "user", parts: [{ text: WORDS }] }];
export const PLAIN = `{ "contents": ${JSON.stringify(CONTENTS)}\n}`;

/** A request in a dialect. */
export const askOf = (dialect: Dialect, endpoint: string, body: string, query = "") => ({
  model: endpoint,
  body,
  headers: [CALLER.header],
  invocation: { dialect, endpoint, target: { method: "", path: "", query } },
});
/** A whole answer. */
export const generate = ({ client }: GatewayRun, endpoint: string, body = PLAIN) =>
  client.invoke(askOf(Dialect.DIALECT_GEMINI_GENERATE_CONTENT, endpoint, body));
/** An answer as a stream. */
export const streamOf = ({ client }: GatewayRun, endpoint: string, query: string, body = PLAIN) =>
  client.stream(askOf(Dialect.DIALECT_GEMINI_STREAM_GENERATE_CONTENT, endpoint, body, query));

/** The chunks of a stream of either form. Throws where it is not whole. */
export function chunksOf({ body }: Told) {
  if (!body.startsWith("data:")) return JSON.parse(body);
  return body
    .split("\r\n\r\n")
    .flatMap((event) => event.split("\n\n"))
    .filter((event) => event !== "")
    .map((event) => JSON.parse(event.slice("data: ".length)));
}
