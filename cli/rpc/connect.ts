import type { ServiceError as RpcError } from "@grpc/grpc-js";
import { serviceErrorOfRpc } from "#lib/rpc/status-details.ts";
import type { ServiceError } from "#lib/service-error.ts";
import { CliError } from "../io.ts";

/** How long a command waits for a service, in milliseconds. */
export const RPC_MS = 15_000;
/** The largest answer that is taken, in bytes. */
export const ANSWER_BYTES_MAX = 256 * 1024 * 1024;

/** Makes one call and waits for its answer. A failure is told with who was asked, where, and what to do. */
export function ask<Response>(
  who: string,
  target: string,
  call: (deadline: { deadline: number }, done: (error: RpcError | null, response: Response) => void) => void,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    call({ deadline: Date.now() + RPC_MS }, (error, response) =>
      error === null ? resolve(response) : reject(failureOf(error, who, target)),
    );
  });
}

/** What the user is told of a failed call. */
export function failureOf(error: RpcError, who: string, target: string): Error {
  const failure = serviceErrorOfRpc(error, who);
  if (failure.kind !== "unavailable" || failure.cause !== error) return failure;
  return new CliError(
    `${who} does not answer at ${target}. Start it ('make up' starts all), or name another with --target.`,
  );
}

/** A failed call in full: its kind, message, field and when to try again. */
export function describeFailure(error: ServiceError): string {
  const facts = [
    ...(error.field === undefined ? [] : [`field: ${error.field}`]),
    ...(error.retryAfterMs === undefined ? [] : [`retry after: ${error.retryAfterMs} ms`]),
    ...Object.entries(error.metadata).map(([key, value]) => `${key}: ${value}`),
  ];
  return [`${error.kind}: ${error.message}`, ...facts.map((fact) => `  ${fact}`)].join("\n");
}

/** Whether a thrown thing is a call's failure, as grpc-js tells it. */
export function isRpcError(error: unknown): error is RpcError {
  return error instanceof Error && "code" in error && "metadata" in error;
}
