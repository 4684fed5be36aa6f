import { AggregatorRegistry, type Registry } from "prom-client";
import { z } from "zod";

/** The figures of a process, as `Registry.getMetricsAsJSON` tells them. */
export type Figures = z.output<typeof figuresSchema>;

const figuresSchema = z.array(z.looseObject({ name: z.string(), type: z.string() }));

/** Figures that came from another process. Throws when they are none. */
export function figuresOf(told: unknown): Figures {
  return figuresSchema.parse(told);
}

/**
 * Adds up the figures of several processes: each metric as its `aggregator` says, by default their sum, so that they
 * read as those of one process.
 */
export function addedMetrics(all: readonly Figures[]): Registry {
  return AggregatorRegistry.aggregate([...all]);
}

/** What of figures outlives their process: what only ever grows. Without it a sum would fall, and be taken for a restart. */
export async function lastingFigures(all: readonly Figures[]): Promise<Figures> {
  const lasting = all.map((figures) => figures.filter(({ type }) => type !== "gauge"));
  return figuresOf(await addedMetrics(lasting).getMetricsAsJSON());
}
