import { integerOf, readAttributes } from "#lib/spans/read-attributes.ts";
import type { Resource } from "#proto/opentelemetry/proto/resource/v1/resource.ts";
import type { ResourceSpans } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import type { ExperimentRef } from "#proto/twinspan/trace/v1/mirror.ts";
import { isExperimentName } from "../experiments/experiment-name.ts";
import type { RejectReason } from "../spans/span-check.ts";

type ExperimentChoice = NonNullable<ExperimentRef["ref"]>;

/** Resources that go to one experiment. */
export interface ExperimentGroup {
  readonly experiment: ExperimentChoice;
  readonly resourceSpans: readonly ResourceSpans[];
}

/** The resources of an export by experiment, and how many spans name none that can be, by reason. */
export interface FiledSpans {
  readonly groups: readonly ExperimentGroup[];
  readonly rejected: ReadonlyMap<RejectReason, number>;
}

/** The attributes of a resource that name its experiment: ours by name, created when missing; MLflow's by id. */
const BY_NAME = "twinspan.experiment";
const BY_ID = "mlflow.experimentId";
/** How many experiments one export may name. */
const EXPERIMENTS_MAX = 100;

/** Files the resources of an export: each by its attributes, of which the name counts before the id, else by `otherwise`. */
export function fileByExperiment(resourceSpans: readonly ResourceSpans[], otherwise: ExperimentChoice): FiledSpans {
  const groups = new Map<string, { readonly experiment: ExperimentChoice; readonly resourceSpans: ResourceSpans[] }>();
  const rejected = new Map<RejectReason, number>();
  const reject = (reason: RejectReason, resource: ResourceSpans) =>
    rejected.set(reason, (rejected.get(reason) ?? 0) + countSpans([resource]));
  for (const resource of resourceSpans) {
    const experiment = experimentNamedBy(resource.resource) ?? otherwise;
    if (experiment === "bad_experiment") {
      reject(experiment, resource);
      continue;
    }
    const key = `${experiment.$case}:${experiment.value}`;
    const group = groups.get(key);
    if (group !== undefined) group.resourceSpans.push(resource);
    else if (groups.size < EXPERIMENTS_MAX) groups.set(key, { experiment, resourceSpans: [resource] });
    else reject("too_many_experiments", resource);
  }
  return { groups: [...groups.values()], rejected };
}

/** How many spans there are. */
export function countSpans(resourceSpans: readonly ResourceSpans[]): number {
  let spans = 0;
  for (const { scopeSpans } of resourceSpans) for (const scope of scopeSpans) spans += scope.spans.length;
  return spans;
}

/** The experiment that a resource names; `bad_experiment` where it is no name. Undefined: it names none. */
function experimentNamedBy(resource: Resource | undefined): ExperimentChoice | "bad_experiment" | undefined {
  const attributes = readAttributes(resource?.attributes ?? []);
  const name = attributes.get(BY_NAME)?.value;
  if (name !== undefined) {
    const isName = name.$case === "stringValue" && isExperimentName(name.value);
    return isName ? { $case: "name", value: name.value } : "bad_experiment";
  }
  const id = attributes.get(BY_ID)?.value;
  if (id === undefined) return undefined;
  const number = integerOf(attributes, BY_ID)?.toString();
  return { $case: "id", value: id.$case === "stringValue" ? id.value : (number ?? "") };
}
