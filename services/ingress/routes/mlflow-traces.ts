import type { FastifyInstance, FastifyRequest } from "fastify";
import { parseTraceName, traceNameOf } from "#lib/ids.ts";
import { invalidField, ServiceError } from "#lib/service-error.ts";
import { type Trace, type TraceInfo, TraceView } from "#proto/twinspan/trace/v1/trace.ts";
import type {
  GetTraceInfosResponse,
  GetTraceResponse,
  SearchTracesResponse,
} from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { readBody } from "../body/read-body.ts";
import { askMetadataOf } from "../core/call-metadata.ts";
import { artifactJson } from "../core/mlflow/mlflow-artifact.ts";
import { traceInfoJson, traceJson } from "../core/mlflow/mlflow-trace.ts";
import { repeatedParameter, requiredParameter } from "../core/query.ts";
import type { IngressParts } from "../ingress-parts.ts";
import { parseTraceIds } from "../mlflow/mlflow-edits.ts";
import { parseTraceSearch } from "../mlflow/mlflow-search.ts";
import { ask } from "../peers/ask.ts";
import { TRACE_WRITER } from "../peers/peers.ts";
import { pathParameter } from "./path-parameter.ts";

/** A search is a few lines of JSON. */
const SEARCH_BYTES_MAX = 256 * 1024;
/** How many traces are read at once with their spans. MLflow's clients ask for 10. */
const TRACES_MAX = 100;

/** MLflow's reads of traces, under `prefix` (`/api` or `/ajax-api`): by their ids, with spans or without, and a search. */
export function routeMlflowTraces(app: FastifyInstance, { config, peers, bodies }: IngressParts, prefix: string): void {
  const options = () => ({ deadline: Date.now() + config.limits.readMs });
  const base = `${prefix}/3.0/mlflow/traces`;

  async function getTrace(request: FastifyRequest, traceId: string): Promise<Trace> {
    const asked = { traceId, view: TraceView.TRACE_VIEW_FULL };
    const { trace } = await ask<GetTraceResponse>(TRACE_WRITER, (callback) =>
      peers.reader.getTrace(asked, askMetadataOf(request), options(), callback),
    );
    return trace ?? notFound(traceId);
  }

  async function getInfos(request: FastifyRequest, traceIds: readonly string[]): Promise<readonly TraceInfo[]> {
    const { infos } = await ask<GetTraceInfosResponse>(TRACE_WRITER, (callback) =>
      peers.reader.getTraceInfos({ traceIds: [...traceIds] }, askMetadataOf(request), options(), callback),
    );
    return infos;
  }

  app.get(`${base}/get`, async (request) => ({
    trace: traceJson(await getTrace(request, traceNameIn(requiredParameter(request.query, "trace_id"), "trace_id"))),
  }));

  app.get(`${base}/batchGet`, async (request) => {
    const names = repeatedParameter(request.query, "trace_ids").map((name) => traceNameIn(name, "trace_ids"));
    if (names.length > TRACES_MAX) throw invalidField("trace_ids", `give at most ${TRACES_MAX} at once`);
    const traces: object[] = [];
    for (const { traceId } of names.length === 0 ? [] : await getInfos(request, names)) {
      traces.push(traceJson(await getTrace(request, traceId)));
    }
    return { traces };
  });

  app.post(`${base}/batchGetInfos`, async (request, reply) => {
    const asked = parseTraceIds(await readBody(request.raw, bodies.hold(reply), SEARCH_BYTES_MAX, "a fixed limit"));
    const names = asked.map((name) => traceNameIn(name, "trace_ids"));
    return { trace_infos: names.length === 0 ? [] : (await getInfos(request, names)).map(traceInfoJson) };
  });

  app.post(`${base}/search`, async (request, reply) => {
    const asked = parseTraceSearch(await readBody(request.raw, bodies.hold(reply), SEARCH_BYTES_MAX, "a fixed limit"));
    const { traces, nextPageToken } = await ask<SearchTracesResponse>(TRACE_WRITER, (callback) =>
      peers.reader.searchTraces(asked, askMetadataOf(request), options(), callback),
    );
    return { traces: traces.map(traceInfoJson), next_page_token: nextPageToken };
  });

  app.get(`${base}/:traceId`, async (request) => {
    const name = traceNameIn(pathParameter(request.params, "traceId"), "trace_id");
    const [info] = await getInfos(request, [name]);
    return { trace: { trace_info: traceInfoJson(info ?? notFound(name)) } };
  });

  for (const version of ["2.0", "3.0"]) {
    app.get(`${prefix}/${version}/mlflow/get-trace-artifact`, async (request, reply) => {
      const trace = await getTrace(request, traceNameIn(requiredParameter(request.query, "request_id"), "request_id"));
      return reply.header("content-disposition", "attachment; filename=traces.json").send(artifactJson(trace));
    });
  }
}

function traceNameIn(text: string, field: string): string {
  const traceId = parseTraceName(text);
  if (traceId === undefined) throw invalidField(field, "must be `tr-` and 32 hex digits");
  return traceNameOf(traceId);
}

function notFound(name: string): never {
  throw new ServiceError("not_found", `There is no trace ${name}. It may not have arrived yet.`);
}
