import type { FastifyInstance } from "fastify";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { openAiStreamErrors } from "../core/stream-errors.ts";
import type { IngressParts } from "../ingress-parts.ts";
import { routeInvocations } from "./invocations.ts";
import { pathParameter } from "./path-parameter.ts";

/** MLflow's unified API: OpenAI's shapes, with the endpoint as `model` in the body or in the path. */
export function routeMlflowGateway(app: FastifyInstance, parts: IngressParts): void {
  const common = { methods: ["POST"], body: "json", streamErrors: openAiStreamErrors } as const;
  routeInvocations(app, parts, {
    ...common,
    path: "/gateway/mlflow/v1/chat/completions",
    read: () => ({ dialect: Dialect.DIALECT_MLFLOW_CHAT, endpoint: "", target: undefined }),
  });
  routeInvocations(app, parts, {
    ...common,
    path: "/gateway/:endpoint/mlflow/invocations",
    read: ({ params }) => ({
      dialect: Dialect.DIALECT_MLFLOW_INVOCATIONS,
      endpoint: pathParameter(params, "endpoint"),
      target: undefined,
    }),
  });
}
