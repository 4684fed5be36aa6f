import type { FastifyInstance } from "fastify";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { queryTargetOf } from "../core/address.ts";
import { printable } from "../core/content.ts";
import { HttpRefusal } from "../core/http-refusal.ts";
import { geminiStreamErrors } from "../core/stream-errors.ts";
import type { IngressParts } from "../ingress-parts.ts";
import { routeInvocations } from "./invocations.ts";
import { pathParameter } from "./path-parameter.ts";

/** Where Gemini's API is, in both of its versions: beside the others, and where MLflow's gateway has it. */
const PREFIXES = ["/gemini/v1beta", "/gemini/v1", "/gateway/gemini/v1beta", "/gateway/gemini/v1"];

/** What can be asked of a model, and what is spoken then. */
const METHODS: ReadonlyMap<string, Dialect> = new Map([
  ["generateContent", Dialect.DIALECT_GEMINI_GENERATE_CONTENT],
  ["streamGenerateContent", Dialect.DIALECT_GEMINI_STREAM_GENERATE_CONTENT],
  ["embedContent", Dialect.DIALECT_GEMINI_EMBED_CONTENT],
  ["batchEmbedContents", Dialect.DIALECT_GEMINI_BATCH_EMBED_CONTENTS],
  ["countTokens", Dialect.DIALECT_GEMINI_COUNT_TOKENS],
]);

/** Gemini's API: `models/{endpoint}:{method}`. */
export function routeGemini(app: FastifyInstance, parts: IngressParts): void {
  for (const prefix of PREFIXES) {
    routeInvocations(app, parts, {
      path: `${prefix}/models/:name`,
      methods: ["POST"],
      body: "json",
      streamErrors: geminiStreamErrors,
      read: ({ params, url }) => ({ ...calledIn(pathParameter(params, "name")), target: queryTargetOf(url) }),
    });
  }
}

/** The endpoint and the method in `{endpoint}:{method}`. */
function calledIn(name: string): { readonly endpoint: string; readonly dialect: Dialect } {
  const colon = name.lastIndexOf(":");
  const method = name.slice(colon + 1);
  const dialect = METHODS.get(method);
  if (colon >= 0 && dialect !== undefined) return { endpoint: name.slice(0, colon), dialect };
  const asked = colon < 0 ? "The path names no method." : `There is no method ${printable(method)} here.`;
  throw new HttpRefusal("unknown_url", `${asked} Those there are: ${Array.from(METHODS.keys()).join(", ")}.`);
}
