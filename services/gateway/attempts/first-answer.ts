import type { Answer } from "./answer.ts";
import { ask } from "./hedge.ts";
import { Route } from "./route.ts";
import type { Attempts } from "./try-model.ts";

/**
 * Asks one model after another until one answers, along the endpoint's route (docs/routing.md), none after the first
 * byte has come for the caller. When no model answers, the refusal of a provider is returned as the caller gets it, or
 * the failure is thrown. Every attempt is in the recording, with what the provider said.
 */
export async function firstAnswer(attempts: Attempts): Promise<Answer> {
  const route = new Route(attempts);
  let candidate = route.first();
  while (candidate !== undefined) {
    const came = await ask(attempts, route, candidate);
    if (came.kind !== "failed") return came;
    candidate = await route.after(came);
  }
  return route.conclude();
}
