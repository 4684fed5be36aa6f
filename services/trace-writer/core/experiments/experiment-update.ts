import { invalidField } from "#lib/service-error.ts";
import { RETENTION_BOUNDS } from "#lib/traces/retention-bounds.ts";
import type { RetentionLimits } from "#proto/twinspan/trace/v1/experiment.ts";
import type { UpdateExperimentRequest } from "#proto/twinspan/trace/v1/experiment_service.ts";
import { isExperimentName } from "./experiment-name.ts";

/** What is changed of an experiment. Undefined: it stays. Null: it has no limits of its own any more. */
export interface CheckedChange {
  readonly name: string | undefined;
  readonly ownRetention: RetentionLimits | null | undefined;
}

type Path = (typeof PATHS)[number];
const PATHS = ["name", "own_retention"] as const;

/** What a request asks to change. Throws `invalid_request` where that is nothing, unknown, or out of bounds. */
export function changeOf({ experiment, updateMask }: UpdateExperimentRequest): CheckedChange {
  const { name = "", ownRetention } = experiment ?? {};
  const given = [...(name === "" ? [] : ["name"]), ...(ownRetention === undefined ? [] : ["own_retention"])];
  const paths = new Set(pathsIn(updateMask === undefined || updateMask.length === 0 ? given : updateMask));
  if (paths.size === 0) throw invalidField("update_mask", `names nothing: it may name ${PATHS.join(" and ")}`);
  return {
    name: paths.has("name") ? checkedName(name, "experiment.name") : undefined,
    ownRetention: paths.has("own_retention") ? checkedLimits(ownRetention) : undefined,
  };
}

/** A name, or `invalid_request` of that field. */
export function checkedName(name: string, field: string): string {
  if (!isExperimentName(name)) throw invalidField(field, "must be 1 to 250 printable characters");
  return name;
}

function pathsIn(mask: readonly string[]): readonly Path[] {
  return mask.flatMap((asked): readonly Path[] => {
    if (asked === "*") return PATHS;
    const path = PATHS.find((known) => known === asked);
    if (path === undefined) throw invalidField("update_mask", `may name ${PATHS.join(", ")} or *, and nothing else`);
    return [path];
  });
}

function checkedLimits(limits: RetentionLimits | undefined): RetentionLimits | null {
  if (limits === undefined) return null;
  const { ageDaysMax, tracesMax, bytesMax } = limits;
  const { ageDays, traces, bytes } = RETENTION_BOUNDS;
  const field = "experiment.own_retention";
  if (!(ageDaysMax >= 0 && ageDaysMax <= ageDays.max)) {
    throw invalidField(`${field}.age_days_max`, `must be from 0, which is any age, to ${ageDays.max} days`);
  }
  checkCount(tracesMax, traces, `${field}.traces_max`);
  checkCount(bytesMax, bytes, `${field}.bytes_max`);
  return limits;
}

function checkCount(count: bigint, { min, max }: { readonly min: number; readonly max: number }, field: string): void {
  if (count === 0n || (count >= min && count <= max)) return;
  throw invalidField(field, `must be 0, which is any number, or from ${min} to ${max}`);
}
