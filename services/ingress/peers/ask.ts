import type { ClientUnaryCall, ServiceError as RpcError } from "@grpc/grpc-js";
import { serviceErrorOfRpc } from "#lib/rpc/status-details.ts";

/**
 * Makes a unary call and waits for its answer. A failure is thrown as a ServiceError; `peer` ("the gateway") names the
 * other side in it.
 */
export function ask<Response>(
  peer: string,
  start: (callback: (error: RpcError | null, response?: Response) => void) => ClientUnaryCall,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    start((error, response) => {
      if (error !== null) reject(serviceErrorOfRpc(error, peer));
      else if (response === undefined) reject(new Error(`${peer} answered with nothing`));
      else resolve(response);
    });
  });
}
