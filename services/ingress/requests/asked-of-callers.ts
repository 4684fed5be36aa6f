import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Need } from "#lib/auth/method-needs.ts";
import { isOfConsequence, routeNeedOf } from "../core/route-needs.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Whether the route does nothing but say that its method is not taken. */
    readonly isRefusal?: boolean;
  }
}

/** What a route asks of its callers. */
export interface Asked {
  readonly need: Need;
  /** Whether it may change something, or costs something. */
  readonly hasConsequences: boolean;
}

/**
 * Finds what the route of a request asks, as it was found once when the route was added. Sees the routes that are added
 * after this call, and throws where nobody has said what one of them asks.
 */
export function askedOfCallers(app: FastifyInstance): (request: FastifyRequest) => Asked {
  const asked = new Map<string, Asked>();
  app.addHook("onRoute", ({ method, url, config }) => {
    const path = config?.countedAs ?? url;
    for (const name of [method].flat()) {
      const need = config?.isRefusal ? "nothing" : routeNeedOf(name, path);
      if (need === undefined) {
        throw new Error(`services/ingress/core/route-needs.ts must say what ${name} ${path} asks of its callers`);
      }
      asked.set(`${name} ${url}`, { need, hasConsequences: isOfConsequence(name, path) });
    }
  });
  return ({ method, routeOptions: { url } }) => {
    // Where there is no route there is nothing to be had.
    if (url === undefined) return { need: "nothing", hasConsequences: isOfConsequence(method, "") };
    const found = asked.get(`${method} ${url}`);
    if (found === undefined) throw new Error(`nobody has said what ${method} ${url} asks of its callers`);
    return found;
  };
}
