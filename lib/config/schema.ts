import { z } from "zod";
import { endpoints } from "./sections/endpoint.ts";
import { gateway } from "./sections/gateway.ts";
import { ingress } from "./sections/ingress.ts";
import { providers } from "./sections/provider.ts";
import { redaction } from "./sections/redaction.ts";
import { traceWriter } from "./sections/trace-writer.ts";

const logLevel = z
  .enum(["debug", "info", "warn", "error", "silent"])
  .default("info")
  .describe("How much is logged, as JSON on standard output. Never payload, at any level.");

/** The whole of `twinspan.yaml`. Every setting has a default but what only the operator can know. */
export const configSchema = z
  .strictObject({
    log: z.strictObject({ level: logLevel }).prefault({}),
    ingress,
    gateway,
    traceWriter,
    providers,
    redaction,
    endpoints,
  })
  .superRefine((config, faults) => {
    const seen = new Set<string>();
    for (const [index, { name, models, fallbacks }] of config.endpoints.entries()) {
      if (seen.has(name)) {
        faults.addIssue({
          code: "custom",
          path: ["endpoints", index, "name"],
          message: `"${name}" is there twice. Rename one.`,
        });
      }
      seen.add(name);
      const uses = [...models.entries()].map(([at, use]) => ({
        use,
        path: ["endpoints", index, "models", at, "provider"],
      }));
      const backs = [...fallbacks.entries()].map(([at, use]) => ({
        use,
        path: ["endpoints", index, "fallbacks", at, "provider"],
      }));
      for (const { use, path } of [...uses, ...backs]) {
        if (Object.hasOwn(config.providers, use.provider)) continue;
        const have = Object.keys(config.providers).join(", ") || "none";
        faults.addIssue({
          code: "custom",
          path,
          message: `no provider "${use.provider}" under providers (have: ${have}). Add it, or fix the name.`,
        });
      }
    }
  });

/** `twinspan.yaml`, checked and with its defaults filled in. */
export type Config = z.output<typeof configSchema>;
