import type { ServiceError } from "#lib/service-error.ts";
import type { Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { DialectRequest, RelayedRequest } from "../dialect.ts";
import { invalidRequest } from "../invalid-request.ts";
import { headersNamed, OPENAI_HEADERS } from "../request-headers.ts";
import { recordedRequestOf } from "./recorded.ts";
import { targetFaultOf } from "./target.ts";

type Method = RelayedRequest["method"];

/** Reads of a raw request where it goes. Every answer passes piece by piece, as it comes. */
export function readRequest({ body, endpoint, target, headers }: Invocation): DialectRequest {
  const method = methodOf(target?.method ?? "");
  const path = target?.path ?? "";
  const query = target?.query ?? "";
  return {
    endpointName: endpoint || undefined,
    streaming: false,
    fault: endpointFaultOf(endpoint) ?? methodFaultOf(method, body) ?? targetFaultOf(path, query),
    isStream: () => true,
    recorded: (bytesMax) => {
      const contentType = headers.find(({ name }) => name === "content-type")?.value ?? "";
      return recordedRequestOf({ method: method ?? "POST", path, query, contentType, body }, bytesMax);
    },
    relayed: () => ({
      method: method ?? "POST",
      path: query === "" ? path : `${path}?${query}`,
      body,
      headers: [["accept", "*/*"], ...headersNamed(headers, HEADERS)],
      addsUsage: false,
    }),
  };
}

const HEADERS = ["accept", "content-type", "anthropic-beta", "anthropic-version", ...OPENAI_HEADERS];

function endpointFaultOf(endpoint: string): ServiceError | undefined {
  return endpoint === "" ? invalidRequest("A raw request names its endpoint beside its body.", "endpoint") : undefined;
}

/** The method that a target names. Undefined: none that is sent. */
function methodOf(name: string): Method | undefined {
  switch (name) {
    case "":
      return "POST";
    case "GET":
    case "POST":
    case "PUT":
    case "PATCH":
    case "DELETE":
      return name;
    default:
      return undefined;
  }
}

function methodFaultOf(method: Method | undefined, body: Buffer): ServiceError | undefined {
  if (method === undefined) {
    return invalidRequest("The method must be GET, POST, PUT, PATCH or DELETE.", "target.method");
  }
  return method === "GET" && body.length > 0 ? invalidRequest("A GET has no body. Send none.", "body") : undefined;
}
