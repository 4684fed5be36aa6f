import { ServiceError } from "#lib/service-error.ts";
import { connectErrorOf } from "./connect-error.ts";

/** A method of a service in gen/: `TraceReaderServiceService.getTrace`. */
export interface Method<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (request: Request) => Uint8Array;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

/** A call that got no answer for so long is given up, in milliseconds. */
const DEADLINE_MS = 30_000;

/**
 * Calls a method that answers once, over the Connect protocol. Rejects with a ServiceError; with the signal's own
 * reason when that aborts it.
 */
export async function call<Request, Response>(
  method: Method<Request, Response>,
  request: Request,
  signal?: AbortSignal,
): Promise<Response> {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  const answer = await post(
    method.path,
    {
      "content-type": "application/proto",
      "connect-protocol-version": "1",
      "connect-timeout-ms": String(DEADLINE_MS),
    },
    method.requestSerialize(request),
    signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
  );
  if (!answer.ok || answer.headers.get("content-type") !== "application/proto") throw await failureOf(answer);
  return method.responseDeserialize(Buffer.from(await answer.arrayBuffer()));
}

/** Sends it. What is no answer at all becomes a ServiceError; an abort stays what it is. */
export async function post(
  path: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  signal: AbortSignal,
): Promise<globalThis.Response> {
  try {
    return await fetch(path, { method: "POST", headers, body: new Uint8Array(body), signal, cache: "no-store" });
  } catch (cause) {
    if (!signal.aborted) throw new ServiceError("unavailable", "The server cannot be reached.", { cause });
    if (signal.reason instanceof DOMException && signal.reason.name === "TimeoutError") {
      throw new ServiceError("deadline_exceeded", `The server did not answer within ${DEADLINE_MS / 1000} seconds.`);
    }
    throw signal.reason;
  }
}

/** The failure that an answer tells. */
export async function failureOf(answer: globalThis.Response): Promise<ServiceError> {
  return connectErrorOf(jsonOf(await answer.text()), answer.status);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
