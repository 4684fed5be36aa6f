import { useQuery } from "@tanstack/react-query";
import type { Experiment } from "#proto/twinspan/trace/v1/experiment.ts";
import { ExperimentServiceService } from "#proto/twinspan/trace/v1/experiment_service.ts";
import { askedEvery } from "../api/asked-again.ts";
import { call } from "../api/call.ts";

/** How many are asked for at once: as many as the service tells in one answer. */
const PAGE = 1000;
/** The console knows of so many: as many as a workspace has unless it is configured otherwise. */
const EXPERIMENTS_MAX = 10_000;
/** Experiments are looked for anew so often while they are shown, in milliseconds. */
const EVERY_MS = 30_000;

/** Reads the experiments, by id: all of them, as far as there are no more than 10,000. */
export function useExperiments() {
  return useQuery({
    queryKey: ["experiments"],
    refetchInterval: askedEvery(EVERY_MS),
    queryFn: async ({ signal }): Promise<readonly Experiment[]> => {
      const experiments: Experiment[] = [];
      for (let pageToken = "", isLast = false; !isLast; ) {
        const request = { pageSize: PAGE, pageToken, filter: "" };
        const page = await call(ExperimentServiceService.listExperiments, request, signal);
        experiments.push(...page.experiments);
        pageToken = page.nextPageToken;
        isLast = pageToken === "" || experiments.length >= EXPERIMENTS_MAX;
      }
      return experiments;
    },
  });
}
