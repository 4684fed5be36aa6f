import type { FastifyInstance } from "fastify";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { openAiStreamErrors } from "../core/stream-errors.ts";
import type { IngressParts } from "../ingress-parts.ts";
import { routeInvocations } from "./invocations.ts";

/** Where OpenAI's API is: at its own place, and where MLflow's gateway has it. */
const PREFIXES = ["/v1", "/gateway/openai/v1"];

/** The paths of OpenAI's API, and what is spoken there. */
const PATHS: readonly (readonly [path: string, dialect: Dialect])[] = [
  ["/chat/completions", Dialect.DIALECT_OPENAI_CHAT],
];

/** OpenAI's API, streaming or not: `model` is an endpoint's name. */
export function routeOpenAi(app: FastifyInstance, parts: IngressParts): void {
  for (const prefix of PREFIXES) {
    for (const [path, dialect] of PATHS) {
      routeInvocations(app, parts, {
        path: prefix + path,
        methods: ["POST"],
        body: "json",
        streamErrors: openAiStreamErrors,
        read: () => ({ dialect, endpoint: "", target: undefined }),
      });
    }
  }
}
