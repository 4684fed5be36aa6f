import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Identity } from "#lib/auth/identity.ts";
import { refusedRight } from "#lib/auth/refusal.ts";
import { invalidField, serviceErrorOf } from "#lib/service-error.ts";
import { parseJsonBody } from "../body/parse-json-body.ts";
import { readBody } from "../body/read-body.ts";
import { isOfOthersPages } from "../core/browser/same-origin.ts";
import { COOKIE_CHARACTERS_MAX, fitsCookie, sessionCookieOf } from "../core/browser/session-cookie.ts";
import type { IngressParts } from "../ingress-parts.ts";
import { isSecure } from "../requests/is-secure.ts";

const BODY_BYTES_MAX = 16 * 1024;
const signIn = z.object({ key: z.string() });

/**
 * Signing in, for the console: `POST /sign-in` with `{"key": …}` puts the key into a cookie, `POST /sign-out` takes it
 * out, and `GET /who-am-i` says who calls, by cookie or otherwise.
 */
export function routeSignIn(app: FastifyInstance, { authority, bodies, onRefused }: IngressParts): void {
  app.post("/sign-in", async (request, reply) => {
    refuseOthersPages(request);
    const body = await readBody(request.raw, bodies.hold(reply), BODY_BYTES_MAX, "a fixed limit");
    const key = parseJsonBody(signIn, body).key.trim();
    if (!fitsCookie(key)) {
      throw invalidField("key", `must be a key or a token, of at most ${COOKIE_CHARACTERS_MAX} characters`);
    }
    try {
      const header = (name: string) => (name === "x-twinspan-key" ? key : undefined);
      const identity = await authority.identify({ header, peer: undefined });
      return reply.header("set-cookie", sessionCookieOf(key, isSecure(request))).send(wordsOf(identity));
    } catch (thrown) {
      onRefused(serviceErrorOf(thrown), "POST /sign-in", undefined);
      throw thrown;
    }
  });

  app.post("/sign-out", async (request, reply) => {
    refuseOthersPages(request);
    return reply.header("set-cookie", sessionCookieOf("", isSecure(request))).send({});
  });

  app.get("/who-am-i", async ({ identity }, reply) =>
    reply.header("cache-control", "no-store").send(wordsOf(identity)),
  );
}

/** Who calls, in JSON. `kind` is `nobody` where keys are off. */
function wordsOf({ kind, name, workspace, roles, endpoints }: Identity): object {
  return { kind, name, workspace, roles: [...roles], ...(endpoints && { endpoints: [...endpoints] }) };
}

/** Another site's page must not sign anyone in or out. */
function refuseOthersPages({ headers }: FastifyRequest): void {
  if (isOfOthersPages(headers)) throw refusedRight("role", "Another site's page may not do this.");
}
