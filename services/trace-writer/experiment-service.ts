import type { Logger } from "#lib/logger.ts";
import { unary } from "#lib/rpc/handler.ts";
import type { ServedService } from "#lib/rpc/server.ts";
import { ServiceError } from "#lib/service-error.ts";
import type { Experiment } from "#proto/twinspan/trace/v1/experiment.ts";
import {
  type CreateExperimentRequest,
  ExperimentServiceService,
  type RenameExperimentRequest,
} from "#proto/twinspan/trace/v1/experiment_service.ts";
import { isExperimentName, parseExperimentId } from "./core/experiment-name.ts";
import type { ExperimentWrite, TraceStore } from "./store/trace-store.ts";

/** ExperimentService: makes and renames experiments. */
export function createExperimentService(store: TraceStore, log: Logger): ServedService {
  return {
    name: "twinspan.trace.v1.ExperimentService",
    definition: ExperimentServiceService,
    implementation: {
      createExperiment: unary(log, ({ name }: CreateExperimentRequest, { identity, signal }) =>
        writeExperiment(store, identity.workspace, { kind: "create", name }, signal),
      ),
      renameExperiment: unary(log, async ({ id, name }: RenameExperimentRequest, { identity, signal }) => {
        const parsed = parseExperimentId(id);
        if (parsed === undefined) throw notFound();
        return writeExperiment(store, identity.workspace, { kind: "rename", id: parsed, name }, signal);
      }),
    },
  };
}

async function writeExperiment(
  store: TraceStore,
  workspace: string,
  write: ExperimentWrite,
  signal: AbortSignal,
): Promise<{ experiment: Experiment }> {
  if (!isExperimentName(write.name)) {
    throw new ServiceError("invalid_request", "name: must be 1 to 250 printable characters.", { field: "name" });
  }
  const outcome = await store.writeExperiment(workspace, write, signal);
  switch (outcome.kind) {
    case "written":
      return { experiment: outcome.experiment };
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
