import { z } from "zod";
import { invalidField } from "#lib/service-error.ts";
import type { ListExperimentsRequest } from "#proto/twinspan/trace/v1/experiment_service.ts";
import type { SearchTracesRequest } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { parseJsonBody } from "../body/parse-json-body.ts";

const count = z.int32().min(0).default(0);
const pageToken = z.string().max(1000).default("");
const filter = z.string().default("");
const orderBy = z.array(z.string()).default([]);

const traceSearch = z.object({
  locations: z
    .array(z.object({ mlflow_experiment: z.object({ experiment_id: z.string().max(100) }) }))
    .max(100)
    .default([]),
  pending: z.boolean().default(false),
  unclaimed: z.boolean().default(false),
  filter,
  order_by: orderBy,
  max_results: count,
  page_token: pageToken,
});

const experimentSearch = z.object({
  filter,
  order_by: orderBy,
  max_results: count,
  page_token: pageToken,
  view_type: z.enum(["ACTIVE_ONLY", "DELETED_ONLY", "ALL"]).default("ACTIVE_ONLY"),
});

/** The order that is the default, as MLflow's clients write it. */
const BY_ID = /^experiment_id( asc)?$/i;

/**
 * Reads the body of MLflow's search for traces. `pending: true`, which is ours, asks for the traces that no experiment
 * holds yet, `unclaimed: true` for those of them that nobody has claimed for long. The filter and the order go on as
 * they are: the trace-writer reads them. Unknown members are passed over.
 */
export function parseTraceSearch(body: Buffer): SearchTracesRequest {
  const search = parseJsonBody(traceSearch, body);
  const experimentIds = search.locations.map((location) => location.mlflow_experiment.experiment_id);
  refuse(
    "locations",
    experimentIds.length === 0 && !search.pending && !search.unclaimed,
    "name at least one experiment, or ask for `pending: true`",
  );
  return {
    experimentIds,
    pending: search.pending,
    unclaimed: search.unclaimed,
    pageSize: search.max_results,
    pageToken: search.page_token,
    filter: search.filter,
    orderBy: search.order_by.join(", "),
  };
}

/**
 * Reads the body of MLflow's search for experiments, by id. The filter goes on as it is. Undefined: deleted ones are
 * asked for, of which there are none.
 */
export function parseExperimentSearch(body: Buffer): ListExperimentsRequest | undefined {
  const search = parseJsonBody(experimentSearch, body);
  refuse(
    "order_by",
    search.order_by.some((order) => !BY_ID.test(order.trim())),
    'only "experiment_id ASC" is supported, which is the default',
  );
  if (search.view_type === "DELETED_ONLY") return undefined;
  return { pageSize: search.max_results, pageToken: search.page_token, filter: search.filter };
}

function refuse(field: string, isWrong: boolean, rule: string): void {
  if (isWrong) throw invalidField(field, rule);
}
