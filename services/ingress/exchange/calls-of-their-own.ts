import type { ServiceError as RpcError } from "@grpc/grpc-js";
import { context } from "@opentelemetry/api";
import { headersOf, metadataOf } from "#lib/rpc/header-list.ts";
import { rpcErrorOf } from "#lib/rpc/status-details.ts";
import type { GatewayServiceClient } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import type { Invocations, OutgoingInvocation } from "../core/invocations.ts";
import { joined } from "../core/request-body.ts";

/**
 * Every invocation as a call of its own, of InvokeStream: only the gateway reads the body, so only it knows whether a
 * stream is asked for.
 */
export function callsOfTheirOwn(gateway: GatewayServiceClient): Invocations {
  return {
    isOpen: true,
    begin(outgoing, listener) {
      let failure: RpcError | undefined;
      const call = send(gateway, outgoing);
      call.on("metadata", (leading) => listener.onMetadata(headersOf(leading)));
      call.on("data", (message) => listener.onMessage(message));
      call.on("error", (error) => {
        failure = rpcErrorOf(error);
      });
      // The end comes after the last message was taken, and after the error if there is one.
      call.on("end", () => listener.onEnd(failure));
      return call;
    },
  };
}

/** Apart from those who listen to the call: made beside this they would keep the body until it ends. */
function send(
  gateway: GatewayServiceClient,
  { invocation: unsent, body, metadata, caller, deadline }: OutgoingInvocation,
) {
  const invocation = { ...unsent, body: joined(body) };
  return context.with(caller, () => gateway.invokeStream({ invocation }, metadataOf(metadata), { deadline }));
}
