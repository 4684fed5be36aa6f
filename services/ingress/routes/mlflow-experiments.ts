import type { FastifyInstance, FastifyRequest } from "fastify";
import { ServiceError } from "#lib/service-error.ts";
import type {
  CreateExperimentResponse,
  GetExperimentResponse,
  ListExperimentsResponse,
  UpdateExperimentResponse,
} from "#proto/twinspan/trace/v1/experiment_service.ts";
import type { ExperimentRef } from "#proto/twinspan/trace/v1/mirror.ts";
import { readBody } from "../body/read-body.ts";
import { askMetadataOf } from "../core/call-metadata.ts";
import { experimentJson } from "../core/mlflow/mlflow-experiment.ts";
import { requiredParameter } from "../core/query.ts";
import type { IngressParts } from "../ingress-parts.ts";
import { parseNewExperiment, parseRenamedExperiment } from "../mlflow/mlflow-edits.ts";
import { parseExperimentSearch } from "../mlflow/mlflow-search.ts";
import { ask } from "../peers/ask.ts";
import { TRACE_WRITER } from "../peers/peers.ts";

const SEARCH_BYTES_MAX = 256 * 1024;

/** MLflow's experiments, under `prefix` (`/api` or `/ajax-api`): read by name, by id, as a list; made and renamed. */
export function routeMlflowExperiments(
  app: FastifyInstance,
  { config, peers, bodies }: IngressParts,
  prefix: string,
): void {
  const options = () => ({ deadline: Date.now() + config.limits.readMs });
  const base = `${prefix}/2.0/mlflow/experiments`;

  async function getExperiment(request: FastifyRequest, experiment: ExperimentRef): Promise<object> {
    const found = await ask<GetExperimentResponse>(TRACE_WRITER, (callback) =>
      peers.experiments.getExperiment({ experiment }, askMetadataOf(request), options(), callback),
    );
    if (found.experiment === undefined) throw new ServiceError("not_found", "There is no such experiment.");
    return { experiment: experimentJson(found.experiment) };
  }

  app.get(`${base}/get-by-name`, (request) =>
    getExperiment(request, { ref: { $case: "name", value: requiredParameter(request.query, "experiment_name") } }),
  );

  app.get(`${base}/get`, (request) =>
    getExperiment(request, { ref: { $case: "id", value: requiredParameter(request.query, "experiment_id") } }),
  );

  app.post(`${base}/create`, async (request, reply) => {
    const asked = parseNewExperiment(
      await readBody(request.raw, bodies.hold(reply), SEARCH_BYTES_MAX, "a fixed limit"),
    );
    const { experiment } = await ask<CreateExperimentResponse>(TRACE_WRITER, (callback) =>
      peers.experiments.createExperiment(asked, askMetadataOf(request), options(), callback),
    );
    return { experiment_id: experiment?.id };
  });

  app.post(`${base}/update`, async (request, reply) => {
    const asked = parseRenamedExperiment(
      await readBody(request.raw, bodies.hold(reply), SEARCH_BYTES_MAX, "a fixed limit"),
    );
    await ask<UpdateExperimentResponse>(TRACE_WRITER, (callback) =>
      peers.experiments.updateExperiment(asked, askMetadataOf(request), options(), callback),
    );
    return {};
  });

  app.post(`${base}/search`, async (request, reply) => {
    const asked = parseExperimentSearch(
      await readBody(request.raw, bodies.hold(reply), SEARCH_BYTES_MAX, "a fixed limit"),
    );
    if (asked === undefined) return { experiments: [], next_page_token: "" };
    const { experiments, nextPageToken } = await ask<ListExperimentsResponse>(TRACE_WRITER, (callback) =>
      peers.experiments.listExperiments(asked, askMetadataOf(request), options(), callback),
    );
    return { experiments: experiments.map(experimentJson), next_page_token: nextPageToken };
  });
}
