import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ExperimentServiceService } from "#proto/twinspan/trace/v1/experiment_service.ts";
import { call } from "../../api/call.ts";

/** What is done to an experiment. */
export type ExperimentWrite =
  | { readonly kind: "create"; readonly name: string }
  | { readonly kind: "rename"; readonly id: string; readonly name: string };

/** Creates and renames experiments; the list is read anew afterwards. */
export function useExperimentWrite() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (write: ExperimentWrite) => {
      if (write.kind === "create") await call(ExperimentServiceService.createExperiment, { name: write.name });
      else await call(ExperimentServiceService.renameExperiment, { id: write.id, name: write.name });
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ["experiments"] }),
  });
}
