import { z } from "zod";
import { RETENTION_BOUNDS } from "#lib/traces/retention-bounds.ts";
import { ms } from "./scalars.ts";

const { ageDays, traces, bytes } = RETENTION_BOUNDS;

const limits = {
  ageDaysMax: z
    .number()
    .positive()
    .max(ageDays.max)
    .optional()
    .describe("How old a trace gets, in days from its start: 0.5 is twelve hours. Absent: any age."),
  tracesMax: z.int().min(traces.min).max(traces.max).optional().describe("How many traces it has. Absent: any number."),
  bytesMax: z
    .int()
    .min(bytes.min)
    .max(bytes.max)
    .optional()
    .describe(
      "How many bytes its spans and payloads take as they are stored, without indexes: about two thirds of the file. Absent: any number.",
    ),
};

/** `traceWriter.experiments[].retention`: in the place of what holds for the others. */
export const experimentRetention = z
  .strictObject(limits)
  .optional()
  .describe(
    "What is kept of it, in place of `traceWriter.retention`, all of which it replaces: `{}` keeps everything. Limits that were set for the experiment itself (UpdateExperiment) hold in the place of these. Beyond a limit its oldest traces are deleted.",
  );

/** `traceWriter.retention`. */
export const retention = z
  .strictObject({
    ...limits,
    pending: z
      .strictObject(limits)
      .prefault({})
      .describe("What is kept of the traces that no experiment owns yet, all of them together."),
    ceiling: z
      .strictObject(limits)
      .prefault({})
      .describe(
        "What no experiment gets beyond, whatever is set for it, here or by UpdateExperiment: a limit that is higher, or absent, is this one.",
      ),
    everyMs: ms(60_000, "How often it is looked for what is beyond a limit."),
  })
  .prefault({})
  .describe(
    "What is kept of each experiment that has no limits of its own, here or by UpdateExperiment. Beyond a limit its oldest traces are deleted. Without any limit, which is the default, everything is kept.",
  );
