import { z } from "zod";
import { KiB, ms, PiB } from "./scalars.ts";

const AGE_DAYS_MAX = 36_500;

const limits = {
  ageDaysMax: z
    .number()
    .positive()
    .max(AGE_DAYS_MAX)
    .optional()
    .describe("How old a trace gets, in days from its start: 0.5 is twelve hours. Absent: any age."),
  tracesMax: z.int().min(1).max(1e12).optional().describe("How many traces it has. Absent: any number."),
  bytesMax: z
    .int()
    .min(KiB)
    .max(PiB)
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
    "What is kept of it, in place of `traceWriter.retention`, all of which it replaces: `{}` keeps everything. Beyond a limit its oldest traces are deleted.",
  );

/** `traceWriter.retention`. */
export const retention = z
  .strictObject({
    ...limits,
    pending: z
      .strictObject(limits)
      .prefault({})
      .describe("What is kept of the traces that no experiment owns yet, all of them together."),
    everyMs: ms(60_000, "How often it is looked for what is beyond a limit."),
  })
  .prefault({})
  .describe(
    "What is kept of each experiment that has no `retention` of its own. Beyond a limit its oldest traces are deleted. Without any limit, which is the default, everything is kept.",
  );
