import type { FastifyInstance } from "fastify";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { queryTargetOf } from "../core/address.ts";
import { anthropicStreamErrors } from "../core/stream-errors.ts";
import type { IngressParts } from "../ingress-parts.ts";
import { routeInvocations } from "./invocations.ts";

/** Where Anthropic's API is: beside OpenAI's, whose paths it shares, and where MLflow's gateway has it. */
const PREFIXES = ["/anthropic/v1", "/gateway/anthropic/v1"];

/** The paths of Anthropic's API, and what is spoken there. */
const PATHS: readonly (readonly [path: string, dialect: Dialect])[] = [
  ["/messages", Dialect.DIALECT_ANTHROPIC_MESSAGES],
  ["/messages/count_tokens", Dialect.DIALECT_ANTHROPIC_COUNT_TOKENS],
];

/** Anthropic's API, streaming or not: `model` is an endpoint's name. Its SDK's betas say so in the query: `?beta=true`. */
export function routeAnthropic(app: FastifyInstance, parts: IngressParts): void {
  for (const prefix of PREFIXES) {
    for (const [path, dialect] of PATHS) {
      routeInvocations(app, parts, {
        path: prefix + path,
        methods: ["POST"],
        body: "json",
        streamErrors: anthropicStreamErrors,
        read: ({ url }) => ({ dialect, endpoint: "", target: queryTargetOf(url) }),
      });
    }
  }
}
