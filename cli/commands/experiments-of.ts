import type { Experiment } from "#proto/twinspan/trace/v1/experiment.ts";
import type { CliIo } from "../io.ts";
import type { TraceReader } from "../trace/trace-reader.ts";
import { experimentNamed } from "./target.ts";

/** How many experiments one read takes. */
const EXPERIMENTS_MAX = 100;

/** The experiment of that name, else every one; of more than 100 those that took a span last, and the user is told so. */
export async function experimentsOf(
  reader: TraceReader,
  name: string | undefined,
  io: CliIo,
): Promise<readonly Experiment[]> {
  if (name !== undefined) return [await experimentNamed(reader, name)];
  const all = await reader.experiments();
  if (all.length <= EXPERIMENTS_MAX) return all;
  io.err(
    `twinspan: of ${all.length} experiments, the ${EXPERIMENTS_MAX} that took a span last. Name one with --experiment.\n`,
  );
  const lastSpanOf = ({ updateTime }: Experiment) => Number(updateTime?.seconds ?? 0n);
  return all.toSorted((one, other) => lastSpanOf(other) - lastSpanOf(one)).slice(0, EXPERIMENTS_MAX);
}
