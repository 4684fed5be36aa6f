import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { type Client, Metadata, type ServiceError as RpcError, status } from "@grpc/grpc-js";

/** grpc.health.v1.HealthCheckResponse with status SERVING. */
const SERVING = Buffer.from([0x08, 0x01]);

/** How a server says a service is. `unknown`: it knows none of that name. */
export type Health = "serving" | "not serving" | "unreachable" | "unknown";

/**
 * Asks a server, over a client's channel, how `service` is (`grpc.health.v1`; the empty name is the server as a whole).
 * Never throws: no answer within `timeoutMs` is `unreachable`.
 */
export function checkHealth(client: Client, service: string, timeoutMs: number): Promise<Health> {
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      "/grpc.health.v1.Health/Check",
      (name: string) => Buffer.from(new BinaryWriter().uint32(10).string(name).finish()),
      (bytes: Buffer) => bytes.equals(SERVING),
      service,
      new Metadata(),
      { deadline: Date.now() + timeoutMs },
      (error: RpcError | null, isServing?: boolean) => {
        if (error === null) resolve(isServing === true ? "serving" : "not serving");
        else resolve(error.code === status.NOT_FOUND ? "unknown" : "unreachable");
      },
    );
  });
}
