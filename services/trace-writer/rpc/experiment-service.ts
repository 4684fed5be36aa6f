import type { Logger } from "#lib/logger.ts";
import { unary } from "#lib/rpc/handler.ts";
import type { ServedService } from "#lib/rpc/server.ts";
import { ServiceError } from "#lib/service-error.ts";
import type { Experiment } from "#proto/twinspan/trace/v1/experiment.ts";
import {
  type CreateExperimentRequest,
  ExperimentServiceService,
  type GetExperimentRequest,
  type ListExperimentsRequest,
  type UpdateExperimentRequest,
} from "#proto/twinspan/trace/v1/experiment_service.ts";
import { parseExperimentId } from "../core/experiments/experiment-name.ts";
import { changeOf, checkedName } from "../core/experiments/experiment-update.ts";
import { experimentIdsMeant } from "../reading/experiment-ids.ts";
import { type ExperimentReads, getExperiment, listExperiments } from "../reading/read-experiments.ts";
import { type ExperimentRoom, noRoom } from "../receiving/experiment-room.ts";
import type { ExperimentWrite } from "../store/trace-store.ts";

/** ExperimentService: makes experiments, reads and changes them. */
export function createExperimentService(reads: ExperimentReads, room: ExperimentRoom, log: Logger): ServedService {
  return {
    name: "twinspan.trace.v1.ExperimentService",
    definition: ExperimentServiceService,
    implementation: {
      createExperiment: unary(log, async ({ name: asked }: CreateExperimentRequest, { identity, signal }) => {
        const { workspace } = identity;
        const name = checkedName(asked, "name");
        if (!(await room.admits(workspace, { $case: "name", value: name }))) throw noRoom(workspace);
        return writeExperiment(reads, workspace, { kind: "create", name }, signal);
      }),
      getExperiment: unary(log, (request: GetExperimentRequest, { identity }) =>
        getExperiment(reads, identity.workspace, request),
      ),
      listExperiments: unary(log, (request: ListExperimentsRequest, { identity }) =>
        listExperiments(reads, identity.workspace, request),
      ),
      updateExperiment: unary(log, async (request: UpdateExperimentRequest, { identity, signal }) => {
        const { workspace } = identity;
        const change = changeOf(request);
        const named = parseExperimentId(request.experiment?.id ?? "");
        const [id] = await experimentIdsMeant(reads.store, workspace, named === undefined ? [] : [named]);
        if (id === undefined) throw notFound();
        return writeExperiment(reads, workspace, { kind: "update", id, ...change }, signal);
      }),
    },
  };
}

async function writeExperiment(
  { store, retentionOf }: ExperimentReads,
  workspace: string,
  write: ExperimentWrite,
  signal: AbortSignal,
): Promise<{ experiment: Experiment }> {
  const outcome = await store.writeExperiment(workspace, write, signal);
  switch (outcome.kind) {
    case "written": {
      const { experiment } = outcome;
      return { experiment: { ...experiment, retention: retentionOf(workspace, experiment) } };
    }
    case "name_taken":
      throw new ServiceError("already_exists", "There is an experiment of that name. Choose another.", {
        field: "name",
      });
    case "experiment_not_found":
      throw notFound();
  }
}

function notFound(): ServiceError {
  return new ServiceError("not_found", "There is no experiment of that id.", { field: "id" });
}
