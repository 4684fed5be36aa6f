import type { FastifyInstance } from "fastify";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { openAiResponsesStreamErrors, openAiStreamErrors, type StreamErrors } from "../core/stream-errors.ts";
import type { IngressParts } from "../ingress-parts.ts";
import { routeInvocations } from "./invocations.ts";

/** Where OpenAI's API is: at its own place, and where MLflow's gateway has it. */
const PREFIXES = ["/v1", "/gateway/openai/v1"];

/** The paths of OpenAI's API, and what is spoken there. */
const PATHS: readonly (readonly [path: string, dialect: Dialect, streamErrors: StreamErrors])[] = [
  ["/chat/completions", Dialect.DIALECT_OPENAI_CHAT, openAiStreamErrors],
  ["/responses", Dialect.DIALECT_OPENAI_RESPONSES, openAiResponsesStreamErrors],
  ["/responses/compact", Dialect.DIALECT_OPENAI_RESPONSES_COMPACT, openAiResponsesStreamErrors],
  ["/embeddings", Dialect.DIALECT_OPENAI_EMBEDDINGS, openAiStreamErrors],
];

/** OpenAI's API, streaming or not: `model` is an endpoint's name. */
export function routeOpenAi(app: FastifyInstance, parts: IngressParts): void {
  for (const prefix of PREFIXES) {
    for (const [path, dialect, streamErrors] of PATHS) {
      routeInvocations(app, parts, {
        path: prefix + path,
        methods: ["POST"],
        body: "json",
        streamErrors,
        read: () => ({ dialect, endpoint: "", target: undefined }),
      });
    }
  }
}
