import { DEFAULT_WORKSPACE } from "#lib/auth/identity.ts";
import type { ExperimentRef } from "#proto/twinspan/trace/v1/mirror.ts";

/** The experiment that every workspace's spans go to when nothing else is named. In `default` it is there from the start. */
export const DEFAULT_EXPERIMENT = { id: "0", name: "Default" } as const;

/**
 * The experiment that is meant in a workspace. Ids are given out over all workspaces, and 0, which MLflow's clients
 * name without asking, is the one of `default`: in the others it stands for their own of that name.
 */
export function experimentMeant<Choice extends NonNullable<ExperimentRef["ref"]>>(
  workspace: string,
  choice: Choice,
): Choice | { readonly $case: "name"; readonly value: string } {
  const isDefault = choice.$case === "id" && choice.value === DEFAULT_EXPERIMENT.id;
  return isDefault && workspace !== DEFAULT_WORKSPACE ? { $case: "name", value: DEFAULT_EXPERIMENT.name } : choice;
}
