import { z } from "zod";
import { count } from "./scalars.ts";

const LEVELS = ["debug", "info", "warn", "error", "silent"] as const;

/** What a service logs of each of its parts. */
export const LOG_MODULES = {
  ingress: ["access", "auth", "calls", "config", "tls"],
  gateway: ["access", "auth", "calls", "config", "limits", "outbox", "routing", "tls"],
  "trace-writer": ["auth", "calls", "config", "forwarding", "store", "tls"],
} as const;

/** The name of a part of a service, as its log lines have it. */
export type LogModule = (typeof LOG_MODULES)[keyof typeof LOG_MODULES][number];

/** What may have a level of its own: services, and parts of services. */
const SCOPES = Object.entries(LOG_MODULES).flatMap(([service, modules]) => [
  service,
  ...modules.map((module) => `${service}/${module}`),
]);

const level = z.enum(LEVELS);

/** `log`: what is logged. */
export const log = z
  .strictObject({
    level: level
      .default("info")
      .describe("How much is logged, as JSON on standard output. Never payload, at any level."),
    levels: z
      .partialRecord(
        z.enum(SCOPES),
        level.describe(`Of a service, or of a part of one: ${SCOPES.map((scope) => `\`${scope}\``).join(", ")}.`),
      )
      .default({})
      .describe("Levels of their own: a part's counts before its service's, and that before `log.level`."),
    access: z
      .strictObject({
        ratio: z
          .number()
          .min(0)
          .max(1)
          .default(0)
          .describe(
            "The share of calls that end well which ingress and gateway tell a line of each, the same calls at both. Those that fail are told always.",
          ),
        linesPerSecondMax: count(
          50,
          10_000,
          "How many such lines a process writes in a second. Calls beyond are counted, and told as `unsaid` with the next line.",
        ),
      })
      .prefault({}),
  })
  .prefault({});
