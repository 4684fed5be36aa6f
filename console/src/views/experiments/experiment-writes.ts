import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Experiment, type RetentionLimits } from "#proto/twinspan/trace/v1/experiment.ts";
import { ExperimentServiceService } from "#proto/twinspan/trace/v1/experiment_service.ts";
import { call } from "../../api/call.ts";

/** What is done to an experiment. */
export type ExperimentWrite =
  | { readonly kind: "create"; readonly name: string }
  | { readonly kind: "rename"; readonly id: string; readonly name: string }
  /** Undefined: it has no limits of its own any more. */
  | { readonly kind: "retain"; readonly id: string; readonly ownRetention: RetentionLimits | undefined };

/** Creates and changes experiments; the list is read anew afterwards. */
export function useExperimentWrite() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: write,
    onSuccess: () => client.invalidateQueries({ queryKey: ["experiments"] }),
  });
}

async function write(asked: ExperimentWrite): Promise<void> {
  switch (asked.kind) {
    case "create":
      await call(ExperimentServiceService.createExperiment, { name: asked.name });
      return;
    case "rename":
      return update(asked.id, { name: asked.name }, "name");
    case "retain":
      return update(asked.id, { ownRetention: asked.ownRetention }, "own_retention");
  }
}

async function update(id: string, change: Partial<Experiment>, path: string): Promise<void> {
  const experiment = { ...Experiment.decode(new Uint8Array()), id, ...change };
  await call(ExperimentServiceService.updateExperiment, { experiment, updateMask: [path] });
}
