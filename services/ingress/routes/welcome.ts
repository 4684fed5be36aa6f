import type { FastifyInstance } from "fastify";

const WELCOME = `twinspan: one gateway call, twin traces.

POST /v1/chat/completions   OpenAI's chat completions; "model" is an endpoint's name
GET  /v1/models             the endpoints
POST /v1/traces             OTLP, for an agent's own spans
GET  /api/3.0/mlflow/traces/get?trace_id=tr-…
POST /api/3.0/mlflow/traces/search
POST /api/2.0/mlflow/experiments/search
GET  /healthz  /readyz  /metrics
`;

/** `GET /`: where to look. */
export function routeWelcome(app: FastifyInstance): void {
  app.get("/", (_request, reply) => reply.type("text/plain; charset=utf-8").send(WELCOME));
}
