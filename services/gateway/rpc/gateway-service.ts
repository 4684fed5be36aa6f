import { EXCHANGE } from "#lib/rpc/exchange-method.ts";
import { type RpcCall, serverStreaming, unary } from "#lib/rpc/handler.ts";
import type { ServedService } from "#lib/rpc/server.ts";
import { ServiceError } from "#lib/service-error.ts";
import {
  type GatewayServiceServer,
  GatewayServiceService,
  type InvokeRequest,
  type InvokeResponse,
  type InvokeStreamRequest,
  type InvokeStreamResponse,
} from "#proto/twinspan/gateway/v1/gateway_service.ts";
import type { Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import { dialectOf } from "../dialects/dialects.ts";
import { exchange } from "../exchange/exchange.ts";
import type { ExchangeParts } from "../exchange/exchange-parts.ts";
import type { Gateway } from "../gateway.ts";
import { type InvocationCall, invoke } from "../invocation/invoke.ts";
import { rpcInvocationOf } from "./rpc-invocation.ts";

/** `twinspan.gateway.v1.GatewayService` over the gateway: all three ways in lead to the same `invoke`. */
export function createGatewayService(gateway: Gateway, exchangeParts: ExchangeParts): ServedService {
  const implementation: GatewayServiceServer = {
    invoke: unary<InvokeRequest, InvokeResponse>(gateway.log, async ({ invocation }, rpc) => {
      const pieces = invoke(gateway, callOf(gateway, invocation, rpc, false));
      for await (const { head, chunk, summary } of pieces) {
        if (summary !== undefined) return { head, body: chunk, summary };
      }
      throw new Error("an invocation ended without a summary");
    }),
    invokeStream: serverStreaming<InvokeStreamRequest, InvokeStreamResponse>(
      gateway.log,
      ({ invocation }, rpc) => invoke(gateway, callOf(gateway, invocation, rpc, true)),
      gateway.limits.stallMs,
    ),
    exchange: exchange(exchangeParts, (invocation, rpc) => invoke(gateway, callOf(gateway, invocation, rpc, true))),
  };
  const definition = { ...GatewayServiceService, exchange: EXCHANGE };
  return { name: "twinspan.gateway.v1.GatewayService", definition, implementation };
}

function callOf(
  { authority, metrics }: Gateway,
  invocation: Invocation | undefined,
  rpc: RpcCall,
  takesStream: boolean,
): InvocationCall {
  if (invocation === undefined) {
    throw new ServiceError("invalid_request", "`invocation` is missing.", { field: "invocation" });
  }
  const dialect = dialectOf(invocation);
  if (dialect !== undefined) {
    // A key of ours goes to no provider, whoever put it there.
    invocation.credentials = invocation.credentials.filter(({ value }) => !authority.isOurs(value));
    return { invocation, dialect, takesStream, ...rpcInvocationOf(rpc) };
  }
  metrics.refused("unknown_dialect");
  throw new ServiceError("invalid_request", "`invocation.dialect` is missing or not known to this gateway.", {
    field: "invocation.dialect",
  });
}
