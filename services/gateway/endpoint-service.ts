import { unary } from "#lib/rpc/handler.ts";
import { ServiceError } from "#lib/service-error.ts";
import type { Endpoint as EndpointMessage } from "#proto/twinspan/gateway/v1/endpoint.ts";
import type {
  EndpointServiceServer,
  GetEndpointRequest,
  GetEndpointResponse,
  ListEndpointsRequest,
  ListEndpointsResponse,
} from "#proto/twinspan/gateway/v1/endpoint_service.ts";
import { endpointDetailsOf, modelDetailsOf } from "./endpoint-details.ts";
import { type Endpoint, unavailableReasonOf, type WeightedModel } from "./endpoints.ts";
import type { Gateway } from "./gateway.ts";

/** `twinspan.gateway.v1.EndpointService` over the gateway. */
export function createEndpointService({ endpoints, clock, log }: Gateway): EndpointServiceServer {
  const told = (endpoint: Endpoint, details: boolean) =>
    details ? detailedMessageOf(endpoint, clock()) : messageOf(endpoint);
  return {
    listEndpoints: unary<ListEndpointsRequest, ListEndpointsResponse>(log, async ({ details }) => ({
      endpoints: endpoints.all.map((endpoint) => told(endpoint, details)),
    })),
    getEndpoint: unary<GetEndpointRequest, GetEndpointResponse>(log, async ({ name, details }) => {
      const endpoint = endpoints.find(name);
      if (endpoint === undefined) {
        const message = "There is no endpoint of that name. ListEndpoints, or GET /v1/models, lists those there are.";
        throw new ServiceError("not_found", message, { field: "name" });
      }
      return { endpoint: told(endpoint, details) };
    }),
  };
}

function messageOf(endpoint: Endpoint): EndpointMessage {
  return {
    id: endpoint.id,
    name: endpoint.name,
    experiment: endpoint.experiment,
    models: modelsOf(endpoint).map(({ provider, model, weight, breaker }) => ({
      provider: provider.name,
      model,
      weight,
      breakerState: breaker.state,
      details: undefined,
    })),
    unavailableReason: unavailableReasonOf(endpoint) ?? "",
    createTimeSeconds: endpoint.knownSinceSeconds,
    details: undefined,
  };
}

function detailedMessageOf(endpoint: Endpoint, nowNanos: bigint): EndpointMessage {
  const message = messageOf(endpoint);
  const details = modelsOf(endpoint).map((planned) => modelDetailsOf(endpoint, planned, nowNanos));
  return {
    ...message,
    models: message.models.map((model, at) => ({ ...model, details: details[at] })),
    details: endpointDetailsOf(endpoint),
  };
}

/** Those that share its calls, then its fallbacks, which have no share. */
function modelsOf({ models, fallbacks }: Endpoint): readonly WeightedModel[] {
  return [...models, ...fallbacks.map((model) => ({ ...model, weight: 0 }))];
}
