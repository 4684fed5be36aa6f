import type { MethodDefinition } from "@grpc/grpc-js";
import { ServiceError } from "#lib/service-error.ts";

/** What stands for a request whose bytes cannot be decoded. */
export class Undecodable {
  readonly cause: unknown;

  constructor(cause: unknown) {
    this.cause = cause;
  }
}

/**
 * The method of a server, its requests read by `read`. Bytes that cannot be read reach its handler as an {@link
 * Undecodable}: grpc-js would answer INTERNAL by itself, which says that we failed and that the same bytes may be sent
 * again.
 */
export function tolerant<Message, Request, Response>(
  method: MethodDefinition<Message, Response>,
  read: (bytes: Buffer) => Request,
): MethodDefinition<Request | Undecodable, Response> {
  return {
    ...method,
    requestSerialize: () => {
      throw new Error("a server sends no request");
    },
    requestDeserialize(bytes) {
      try {
        return read(bytes);
      } catch (error) {
        return new Undecodable(error);
      }
    },
  };
}

/** The request; what its reader refused it with, or an `invalid_request` when its bytes could not be decoded. */
export function decoded<Request>(request: Request | Undecodable): Request {
  if (!(request instanceof Undecodable)) return request;
  if (request.cause instanceof ServiceError) throw request.cause;
  throw new ServiceError(
    "invalid_request",
    "The request cannot be decoded: it is cut, not of this message's type, or nested more than 100 levels deep.",
    { cause: request.cause },
  );
}
