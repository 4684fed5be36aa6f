import { Metadata } from "@grpc/grpc-js";
import type { FastifyInstance } from "fastify";
import { ServiceError } from "#lib/service-error.ts";
import type { Endpoint } from "#proto/twinspan/gateway/v1/endpoint.ts";
import type { GetEndpointResponse, ListEndpointsResponse } from "#proto/twinspan/gateway/v1/endpoint_service.ts";
import { ask } from "../ask.ts";
import type { IngressParts } from "../ingress-parts.ts";
import { GATEWAY } from "../peers.ts";

/** `GET /v1/models` and `/v1/models/{id}`: the endpoints, as OpenAI lists its models. */
export function routeModels(app: FastifyInstance, { config, peers }: IngressParts): void {
  const options = () => ({ deadline: Date.now() + config.limits.readMs });

  app.get("/v1/models", async () => {
    const { endpoints } = await ask<ListEndpointsResponse>(GATEWAY, (callback) =>
      peers.endpoints.listEndpoints({}, new Metadata(), options(), callback),
    );
    return { object: "list", data: endpoints.map(modelOf) };
  });

  app.get<{ Params: { name: string } }>("/v1/models/:name", async ({ params: { name } }) => {
    const { endpoint } = await ask<GetEndpointResponse>(GATEWAY, (callback) =>
      peers.endpoints.getEndpoint({ name }, new Metadata(), options(), callback),
    );
    if (endpoint === undefined) throw new ServiceError("not_found", "The gateway knows no endpoint of that name.");
    return modelOf(endpoint);
  });
}

/** An endpoint as one of OpenAI's models. `created` is in seconds since the Unix epoch. */
function modelOf({ name, createTimeSeconds }: Endpoint) {
  return { id: name, object: "model", created: Number(createTimeSeconds), owned_by: "twinspan" };
}
