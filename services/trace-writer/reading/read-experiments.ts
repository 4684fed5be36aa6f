import { invalidField, ServiceError } from "#lib/service-error.ts";
import type { Experiment, ExperimentRetention } from "#proto/twinspan/trace/v1/experiment.ts";
import type { GetExperimentRequest, ListExperimentsRequest } from "#proto/twinspan/trace/v1/experiment_service.ts";
import { DEFAULT_EXPERIMENT, experimentMeant } from "../core/experiments/default-experiment.ts";
import { parseExperimentFilter } from "../core/experiments/experiment-filter.ts";
import { formatExperimentToken, parseExperimentToken } from "../core/search/page-token.ts";
import type { TraceStore } from "../store/trace-store.ts";
import { invalidToken, pageSizeOf } from "./paging.ts";

const EXPERIMENTS_PAGE_MAX = 1000;
/** How many experiments a page looks at, where a filter passes few. */
const EXPERIMENTS_LOOKED_AT_MAX = 10_000;

/** The `Default` of a workspace that nothing was written to yet. */
const EMPTY_DEFAULT: Experiment = {
  ...DEFAULT_EXPERIMENT,
  createTime: undefined,
  updateTime: undefined,
  traceCount: 0n,
  storedBytes: 0n,
  retention: undefined,
};

/** Where experiments are read from. */
export interface ExperimentReads {
  readonly store: TraceStore;
  /** How much is kept of an experiment. */
  readonly retentionOf: (workspace: string, experiment: Experiment) => ExperimentRetention;
}

/** `GetExperiment` in a workspace. */
export async function getExperiment(
  { store, retentionOf }: ExperimentReads,
  workspace: string,
  { experiment: named }: GetExperimentRequest,
) {
  if (named?.ref === undefined || named.ref.value === "") throw invalidField("experiment", "must give an id or a name");
  const found = await store.getExperiment(workspace, experimentMeant(workspace, named.ref));
  const isDefault = named.ref.$case === "id" && named.ref.value === DEFAULT_EXPERIMENT.id;
  const experiment = found ?? (isDefault ? EMPTY_DEFAULT : undefined);
  if (experiment === undefined) {
    throw new ServiceError("not_found", `There is no experiment of that ${named.ref.$case}.`, { field: "experiment" });
  }
  return { experiment: { ...experiment, retention: retentionOf(workspace, experiment) } };
}

/** `ListExperiments` in a workspace. */
export async function listExperiments(
  { store, retentionOf }: ExperimentReads,
  workspace: string,
  request: ListExperimentsRequest,
) {
  const limit = pageSizeOf(request.pageSize, EXPERIMENTS_PAGE_MAX);
  const passes = parseExperimentFilter(request.filter);
  const readAtOnce = passes === undefined ? limit + 1 : EXPERIMENTS_PAGE_MAX;
  let last = request.pageToken === "" ? undefined : parseExperimentToken(request.pageToken);
  if (request.pageToken !== "" && last === undefined) throw invalidToken();
  const experiments: Experiment[] = [];
  for (let looked = 0; looked < EXPERIMENTS_LOOKED_AT_MAX; looked += readAtOnce) {
    const read = await store.listExperiments(workspace, readAtOnce, last);
    for (const experiment of read) {
      if (experiments.length === limit) return { experiments, nextPageToken: experimentTokenOf(last) };
      last = BigInt(experiment.id);
      if (!(passes?.(experiment.name) ?? true)) continue;
      experiments.push({ ...experiment, retention: retentionOf(workspace, experiment) });
    }
    if (read.length < readAtOnce) return { experiments, nextPageToken: "" };
  }
  return { experiments, nextPageToken: experimentTokenOf(last) };
}

function experimentTokenOf(last: bigint | undefined): string {
  return last === undefined ? "" : formatExperimentToken(last);
}
