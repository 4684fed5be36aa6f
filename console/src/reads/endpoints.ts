import { useQuery } from "@tanstack/react-query";
import type { Endpoint } from "#proto/twinspan/gateway/v1/endpoint.ts";
import { EndpointServiceService } from "#proto/twinspan/gateway/v1/endpoint_service.ts";
import { call } from "../api/call.ts";

/** Reads the endpoints that the gateway has. */
export function useEndpoints() {
  return useQuery({
    queryKey: ["endpoints"],
    queryFn: async ({ signal }): Promise<readonly Endpoint[]> =>
      (await call(EndpointServiceService.listEndpoints, { details: false }, signal)).endpoints,
  });
}
