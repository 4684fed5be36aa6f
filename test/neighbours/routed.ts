import type { ScriptedEndpoint } from "../system/start-gateway.ts";

/** A model of the scripted provider, by its name; `of`: under another name of that provider's. */
export function scripted(model: string, settings: Readonly<Record<string, unknown>> & { readonly of?: string } = {}) {
  const { of = "scripted", ...more } = settings;
  return { provider: of, model, ...more };
}

/** An endpoint of the scripted provider's models, with settings of routing in the configuration's own words. */
export function routed(
  models: readonly ReturnType<typeof scripted>[],
  settings: Readonly<Record<string, unknown>> = {},
): ScriptedEndpoint {
  return { settings: { models, ...settings } };
}

/** Retries that cost a test no time. */
export const QUICK = { max: 2, delayMinMs: 1, delayMaxMs: 20 };
