import { useQuery } from "@tanstack/react-query";
import type { Experiment } from "#proto/twinspan/trace/v1/experiment.ts";
import { ExperimentServiceService } from "#proto/twinspan/trace/v1/experiment_service.ts";
import { askedEvery } from "../api/asked-again.ts";
import { call } from "../api/call.ts";

/** What the console knows of at once: those with the smallest ids. */
const EXPERIMENTS_MAX = 1000;
/** Experiments are looked for anew so often while they are shown, in milliseconds. */
const EVERY_MS = 30_000;

/** Reads the experiments, at most 1,000. */
export function useExperiments() {
  return useQuery({
    queryKey: ["experiments"],
    refetchInterval: askedEvery(EVERY_MS),
    queryFn: async ({ signal }): Promise<readonly Experiment[]> => {
      const request = { pageSize: EXPERIMENTS_MAX, pageToken: "", filter: "" };
      return (await call(ExperimentServiceService.listExperiments, request, signal)).experiments;
    },
  });
}
