import { Metadata } from "@grpc/grpc-js";
import type { FastifyInstance } from "fastify";
import { parseTraceName, traceNameOf } from "#lib/ids.ts";
import { ServiceError } from "#lib/service-error.ts";
import { TraceView } from "#proto/twinspan/trace/v1/trace.ts";
import type { GetTraceResponse, SearchTracesResponse } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { ask } from "../ask.ts";
import { traceInfoJson, traceJson } from "../core/mlflow-trace.ts";
import { requiredParameter } from "../core/query.ts";
import type { IngressParts } from "../ingress-parts.ts";
import { parseTraceSearch } from "../mlflow-search.ts";
import { TRACE_WRITER } from "../peers.ts";
import { readBody } from "../read-body.ts";

/** A search is a few lines of JSON. */
const SEARCH_BYTES_MAX = 256 * 1024;

/** MLflow's reads of traces, under `prefix` (`/api` or `/ajax-api`): one by its id, and a search. */
export function routeMlflowTraces(app: FastifyInstance, { config, peers, bodies }: IngressParts, prefix: string): void {
  const options = () => ({ deadline: Date.now() + config.limits.readMs });

  app.get(`${prefix}/3.0/mlflow/traces/get`, async ({ query }) => {
    const traceId = parseTraceName(requiredParameter(query, "trace_id"));
    if (traceId === undefined) {
      throw new ServiceError("invalid_request", "trace_id: must be `tr-` and 32 hex digits.", { field: "trace_id" });
    }
    const request = { traceId: traceNameOf(traceId), view: TraceView.TRACE_VIEW_FULL };
    const { trace } = await ask<GetTraceResponse>(TRACE_WRITER, (callback) =>
      peers.reader.getTrace(request, new Metadata(), options(), callback),
    );
    if (trace === undefined) throw new ServiceError("not_found", `There is no trace ${request.traceId}.`);
    return { trace: traceJson(trace) };
  });

  app.post(`${prefix}/3.0/mlflow/traces/search`, async ({ raw }, reply) => {
    const request = parseTraceSearch(await readBody(raw, bodies.hold(reply.raw), SEARCH_BYTES_MAX, "a fixed limit"));
    const { traces, nextPageToken } = await ask<SearchTracesResponse>(TRACE_WRITER, (callback) =>
      peers.reader.searchTraces(request, new Metadata(), options(), callback),
    );
    return { traces: traces.map(traceInfoJson), next_page_token: nextPageToken };
  });
}
