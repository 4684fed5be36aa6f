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
import { type Endpoint, unavailableReasonOf } from "./endpoints.ts";
import type { Gateway } from "./gateway.ts";

/** `twinspan.gateway.v1.EndpointService` over the gateway. */
export function createEndpointService({ endpoints, log }: Gateway): EndpointServiceServer {
  return {
    listEndpoints: unary<ListEndpointsRequest, ListEndpointsResponse>(log, async () => ({
      endpoints: endpoints.all.map(messageOf),
    })),
    getEndpoint: unary<GetEndpointRequest, GetEndpointResponse>(log, async ({ name }) => {
      const endpoint = endpoints.find(name);
      if (endpoint === undefined) {
        const message = "There is no endpoint of that name. ListEndpoints, or GET /v1/models, lists those there are.";
        throw new ServiceError("not_found", message, { field: "name" });
      }
      return { endpoint: messageOf(endpoint) };
    }),
  };
}

function messageOf(endpoint: Endpoint): EndpointMessage {
  return {
    id: endpoint.id,
    name: endpoint.name,
    experiment: endpoint.experiment,
    models: [...endpoint.models, ...endpoint.fallbacks.map((model) => ({ ...model, weight: 0 }))].map(
      ({ provider, model, weight, breaker }) => ({
        provider: provider.name,
        model,
        weight,
        breakerState: breaker.state,
      }),
    ),
    unavailableReason: unavailableReasonOf(endpoint) ?? "",
    createTimeSeconds: endpoint.knownSinceSeconds,
  };
}
