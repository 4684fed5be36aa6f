import type { FastifyInstance } from "fastify";
import { ServiceError } from "#lib/service-error.ts";
import type { GetEndpointResponse, ListEndpointsResponse } from "#proto/twinspan/gateway/v1/endpoint_service.ts";
import { askMetadataOf } from "../core/call-metadata.ts";
import { anthropicModels, geminiModels, type ModelShape, openAiModels } from "../core/model-shapes.ts";
import type { IngressParts } from "../ingress-parts.ts";
import { ask } from "../peers/ask.ts";
import { GATEWAY } from "../peers/peers.ts";
import { pathParameter } from "./path-parameter.ts";

/** Where SDKs look for models, and in which shape. */
const PATHS: readonly (readonly [path: string, shape: ModelShape])[] = [
  ["/v1/models", openAiModels],
  ["/gateway/openai/v1/models", openAiModels],
  ["/gateway/mlflow/v1/models", openAiModels],
  ["/anthropic/v1/models", anthropicModels],
  ["/gateway/anthropic/v1/models", anthropicModels],
  ["/gemini/v1beta/models", geminiModels],
  ["/gemini/v1/models", geminiModels],
  ["/gateway/gemini/v1beta/models", geminiModels],
  ["/gateway/gemini/v1/models", geminiModels],
];

/**
 * The endpoints as each dialect's models, all of them and one by its name. Those that cannot be called now are there
 * too: a call says why.
 */
export function routeModels(app: FastifyInstance, { config, peers }: IngressParts): void {
  const options = () => ({ deadline: Date.now() + config.limits.readMs });

  for (const [path, shape] of PATHS) {
    app.get(path, async (request) => {
      const { endpoints } = await ask<ListEndpointsResponse>(GATEWAY, (callback) =>
        peers.endpoints.listEndpoints({ details: false }, askMetadataOf(request), options(), callback),
      );
      return shape.list(endpoints);
    });

    app.get(`${path}/:name`, async (request) => {
      const name = pathParameter(request.params, "name");
      const { endpoint } = await ask<GetEndpointResponse>(GATEWAY, (callback) =>
        peers.endpoints.getEndpoint({ name, details: false }, askMetadataOf(request), options(), callback),
      );
      if (endpoint === undefined) throw new ServiceError("not_found", "The gateway knows no endpoint of that name.");
      return shape.one(endpoint);
    });
  }
}
