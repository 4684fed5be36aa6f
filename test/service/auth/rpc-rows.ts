import { GATEWAY_RPC_ROWS } from "./gateway-rpc-rows.ts";
import { NOTHING, OPEN, type RpcRow } from "./rpc-row.ts";
import { TRACE_WRITER_RPC_ROWS } from "./trace-writer-rpc-rows.ts";

/** Every RPC there is. A test holds it to the contract. */
export const RPC_ROWS: Readonly<Record<string, RpcRow>> = {
  ...GATEWAY_RPC_ROWS,
  ...TRACE_WRITER_RPC_ROWS,
  "/grpc.health.v1.Health/Check": { ...OPEN, service: "gateway", request: () => NOTHING },
  "/grpc.health.v1.Health/List": {
    ...OPEN,
    service: "gateway",
    request: () => NOTHING,
  },
  "/grpc.health.v1.Health/Watch": { ...OPEN, service: "traceWriter", request: () => NOTHING },
  "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo": {
    ...OPEN,
    service: "traceWriter",
    request: () => NOTHING,
  },
  "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": {
    ...OPEN,
    service: "gateway",
    request: () => NOTHING,
  },
};
