import { z } from "zod";
import { auth } from "./sections/auth.ts";
import { endpoints } from "./sections/endpoint.ts";
import { gateway } from "./sections/gateway.ts";
import { ingress } from "./sections/ingress.ts";
import { limits } from "./sections/limits.ts";
import { log } from "./sections/log.ts";
import { peers } from "./sections/peers.ts";
import { providers } from "./sections/provider.ts";
import { redaction } from "./sections/redaction.ts";
import { telemetry } from "./sections/telemetry.ts";
import { traceWriter } from "./sections/trace-writer.ts";
import { workspaces } from "./sections/workspace.ts";

/**
 * The whole of `twinspan.yaml`. Every setting has a default but what only the operator can know. What settings must be
 * together is in `cross-checks.ts`.
 */
export const configSchema = z.strictObject({
  log,
  auth,
  workspaces,
  ingress,
  gateway,
  traceWriter,
  peers,
  providers,
  redaction,
  endpoints,
  limits,
  telemetry,
});

/** `twinspan.yaml`, checked and with its defaults filled in. */
export type Config = z.output<typeof configSchema>;
