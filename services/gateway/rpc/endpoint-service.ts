import type { Identity } from "#lib/auth/identity.ts";
import { unary } from "#lib/rpc/handler.ts";
import type { ServedService } from "#lib/rpc/server.ts";
import { ServiceError } from "#lib/service-error.ts";
import { BreakerState, type Endpoint as EndpointMessage } from "#proto/twinspan/gateway/v1/endpoint.ts";
import {
  type EndpointServiceServer,
  EndpointServiceService,
  type GetEndpointRequest,
  type GetEndpointResponse,
  type ListEndpointsRequest,
  type ListEndpointsResponse,
} from "#proto/twinspan/gateway/v1/endpoint_service.ts";
import { type Endpoint, isSharedWith, unavailableReasonOf, type WeightedModel } from "../endpoints/endpoints.ts";
import type { Gateway } from "../gateway.ts";
import { endpointDetailsOf, modelDetailsOf } from "./endpoint-details.ts";

/** `twinspan.gateway.v1.EndpointService` over the gateway. */
export function createEndpointService({ endpoints, clock, log }: Gateway): ServedService {
  const told = (endpoint: Endpoint, details: boolean, { workspace }: Identity) =>
    details ? detailedMessageOf(endpoint, endpoint.workspace === workspace, clock()) : messageOf(endpoint);
  const implementation: EndpointServiceServer = {
    listEndpoints: unary<ListEndpointsRequest, ListEndpointsResponse>(log, async ({ details }, { identity }) => ({
      endpoints: endpoints.all
        .filter((endpoint) => isShown(endpoint, identity))
        .map((endpoint) => told(endpoint, details, identity)),
    })),
    getEndpoint: unary<GetEndpointRequest, GetEndpointResponse>(log, async ({ name, details }, { identity }) => {
      const endpoint = endpoints.find(name);
      if (endpoint === undefined || !isShown(endpoint, identity)) {
        const message = "There is no endpoint of that name. ListEndpoints, or GET /v1/models, lists those there are.";
        throw new ServiceError("not_found", message, { field: "name" });
      }
      return { endpoint: told(endpoint, details, identity) };
    }),
  };
  return { name: "twinspan.gateway.v1.EndpointService", definition: EndpointServiceService, implementation };
}

/** A caller sees what its workspace may invoke; one that may invoke some endpoints only sees those. */
function isShown(endpoint: Endpoint, { workspace, endpoints }: Identity): boolean {
  return isSharedWith(endpoint, workspace) && (endpoints === undefined || endpoints.has(endpoint.name));
}

const BREAKER_STATES = {
  closed: BreakerState.BREAKER_STATE_CLOSED,
  half_open: BreakerState.BREAKER_STATE_HALF_OPEN,
  open: BreakerState.BREAKER_STATE_OPEN,
} as const;

function messageOf(endpoint: Endpoint): EndpointMessage {
  return {
    id: endpoint.id,
    name: endpoint.name,
    experiment: endpoint.experiment,
    models: modelsOf(endpoint).map(({ provider, model, weight, breaker }) => ({
      provider: provider.name,
      model,
      weight,
      breakerState: BREAKER_STATES[breaker.state],
      details: undefined,
    })),
    unavailableReason: unavailableReasonOf(endpoint) ?? "",
    createTimeSeconds: endpoint.knownSinceSeconds,
    details: undefined,
  };
}

/** `isOwn`: whether it is told to its own workspace, which alone learns what all calls of it come to. */
function detailedMessageOf(endpoint: Endpoint, isOwn: boolean, nowNanos: bigint): EndpointMessage {
  const message = messageOf(endpoint);
  const details = modelsOf(endpoint).map((planned) => modelDetailsOf(endpoint, planned, isOwn, nowNanos));
  return {
    ...message,
    models: message.models.map((model, at) => ({ ...model, details: details[at] })),
    details: endpointDetailsOf(endpoint, isOwn),
  };
}

/** Those that share its calls, then its fallbacks, which have no share. */
function modelsOf({ models, fallbacks }: Endpoint): readonly WeightedModel[] {
  return [...models, ...fallbacks.map((model) => ({ ...model, weight: 0 }))];
}
