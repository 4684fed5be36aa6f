import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type {
  ClaimTraceResponse,
  DeleteTracesResponse,
  UpdateTraceTagsRequest,
  UpdateTraceTagsResponse,
} from "#proto/twinspan/trace/v1/trace_editor_service.ts";
import { readBody } from "../body/read-body.ts";
import { askMetadataOf } from "../core/call-metadata.ts";
import { traceInfoJson } from "../core/mlflow/mlflow-trace.ts";
import { requiredParameter } from "../core/query.ts";
import type { IngressParts } from "../ingress-parts.ts";
import { parseStartTrace, parseTag, parseTagKey, parseTraceDeletion } from "../mlflow/mlflow-edits.ts";
import { ask } from "../peers/ask.ts";
import { TRACE_WRITER } from "../peers/peers.ts";
import { pathParameter } from "./path-parameter.ts";

/** What is said of a trace as a whole: previews, metadata and tags, no spans. */
const EDIT_BYTES_MAX = 1024 * 1024;

/**
 * MLflow's writes of traces as a whole, under `prefix` (`/api` or `/ajax-api`): StartTraceV3, which comes at a trace's
 * end, its tags, and its deletion. Spans come as OTLP.
 */
export function routeMlflowTraceEdits(
  app: FastifyInstance,
  { config, peers, bodies }: IngressParts,
  prefix: string,
): void {
  const options = () => ({ deadline: Date.now() + config.limits.readMs });
  const bodyOf = ({ raw }: FastifyRequest, reply: FastifyReply) =>
    readBody(raw, bodies.hold(reply), EDIT_BYTES_MAX, "a fixed limit");

  async function updateTags(request: FastifyRequest, edit: UpdateTraceTagsRequest): Promise<object> {
    return await ask<UpdateTraceTagsResponse>(TRACE_WRITER, (callback) =>
      peers.editor.updateTraceTags(edit, askMetadataOf(request), options(), callback),
    );
  }

  app.post(`${prefix}/3.0/mlflow/traces`, async (request, reply) => {
    const claim = parseStartTrace(await bodyOf(request, reply));
    const { info } = await ask<ClaimTraceResponse>(TRACE_WRITER, (callback) =>
      peers.editor.claimTrace({ claim }, askMetadataOf(request), options(), callback),
    );
    return { trace: { trace_info: info === undefined ? {} : traceInfoJson(info) } };
  });

  // MLflow's clients keep to version 2.0 here.
  for (const version of ["2.0", "3.0"]) {
    const base = `${prefix}/${version}/mlflow/traces`;

    app.patch(`${base}/:traceId/tags`, async (request, reply) => {
      const { key, value } = parseTag(await bodyOf(request, reply));
      return updateTags(request, {
        traceId: pathParameter(request.params, "traceId"),
        set: { [key]: value },
        remove: [],
      });
    });

    app.delete(`${base}/:traceId/tags`, async (request, reply) => {
      const key = parseTagKey(await bodyOf(request, reply)) ?? requiredParameter(request.query, "key");
      return updateTags(request, { traceId: pathParameter(request.params, "traceId"), set: {}, remove: [key] });
    });

    app.post(`${base}/delete-traces`, async (request, reply) => {
      const asked = parseTraceDeletion(await bodyOf(request, reply));
      const { tracesDeleted } = await ask<DeleteTracesResponse>(TRACE_WRITER, (callback) =>
        peers.editor.deleteTraces(asked, askMetadataOf(request), options(), callback),
      );
      return { traces_deleted: tracesDeleted.toString() };
    });
  }
}
