import type { Fault } from "../wire-format.ts";

/** What a stream that failed says as its last. */
export const STREAM_ERROR = {
  error: { code: 503, message: "The model is overloaded. Please try again later.", status: "UNAVAILABLE" },
} as const;

const WORDS: ReadonlyMap<number, string> = new Map([
  [400, "INVALID_ARGUMENT"],
  [401, "UNAUTHENTICATED"],
  [403, "PERMISSION_DENIED"],
  [404, "NOT_FOUND"],
  [409, "ABORTED"],
  [413, "INVALID_ARGUMENT"],
  [429, "RESOURCE_EXHAUSTED"],
  [499, "CANCELLED"],
  [500, "INTERNAL"],
  [501, "UNIMPLEMENTED"],
  [503, "UNAVAILABLE"],
  [504, "DEADLINE_EXCEEDED"],
]);

/** The body of an error of Google's. */
export function googleErrorOf({ status: code, message, retryAfter }: Fault): string {
  const status = WORDS.get(code) ?? "UNKNOWN";
  const retry = { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: `${retryAfter}s` };
  return `${JSON.stringify({ error: { code, message, status, ...(retryAfter === undefined ? {} : { details: [retry] }) } }, null, 2)}\n`;
}

const METHODS = ["generateContent", "streamGenerateContent", "countTokens", "embedContent", "batchEmbedContents"];

/** The body of Google's list of models. */
export function googleModelsOf(names: readonly string[]): string {
  const models = names.map((id) => ({
    name: `models/${id}`,
    version: "001",
    displayName: id,
    inputTokenLimit: 1_048_576,
    outputTokenLimit: 65_536,
    supportedGenerationMethods: METHODS,
  }));
  return JSON.stringify({ models });
}
