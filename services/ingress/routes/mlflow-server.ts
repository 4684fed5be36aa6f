import type { FastifyInstance } from "fastify";

/** The version of MLflow whose REST API is spoken here. Its clients send spans to 3.4 and newer only. */
const MLFLOW_VERSION = "3.17.0";

/** What MLflow's clients ask first: which version it is, and whether it lives. */
export function routeMlflowServer(app: FastifyInstance): void {
  app.get("/version", (_request, reply) => reply.type("text/plain; charset=utf-8").send(MLFLOW_VERSION));
  app.get("/health", (_request, reply) => reply.type("text/plain; charset=utf-8").send("OK"));
}
