import type { FastifyInstance } from "fastify";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { rawTargetOf } from "../core/address.ts";
import { noStreamErrors } from "../core/stream-errors.ts";
import type { IngressParts } from "../ingress-parts.ts";
import { routeInvocations } from "./invocations.ts";
import { pathParameter } from "./path-parameter.ts";

/** The segments before the path that goes on to the provider: gateway, proxy, the endpoint's name. */
const SEGMENTS = 3;

/** Anything else that a provider speaks: method, path, query and body go to it as they come, and so does its answer. */
export function routeRaw(app: FastifyInstance, parts: IngressParts): void {
  routeInvocations(app, parts, {
    path: "/gateway/proxy/:endpoint/*",
    methods: ["GET", "POST", "PUT", "PATCH", "DELETE"],
    body: "any",
    streamErrors: noStreamErrors,
    read: ({ params, method, url }) => ({
      dialect: Dialect.DIALECT_RAW,
      endpoint: pathParameter(params, "endpoint"),
      target: rawTargetOf(method, url, SEGMENTS),
    }),
  });
}
