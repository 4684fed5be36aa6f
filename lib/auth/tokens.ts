import { createRemoteJWKSet, decodeJwt, errors, type JWTPayload, jwtVerify } from "jose";
import { z } from "zod";
import type { Config } from "../config/schema.ts";
import { ServiceError } from "../service-error.ts";
import { DEFAULT_WORKSPACE, type Identity } from "./identity.ts";
import { refusedCredential } from "./refusal.ts";
import { isRole, type Role, withIncluded } from "./role.ts";

export type TokenOptions = NonNullable<Exclude<NonNullable<Config["auth"]>, "none">["jwt"]>;

/** The tokens of one issuer. */
export interface Tokens {
  /** Whether a text claims to be one of them. Cheap, and proves nothing. */
  isOne(text: string): boolean;
  /**
   * Whose it is. Throws a ServiceError: `unauthenticated` with the reason, `unavailable` where the issuer's keys cannot
   * be had.
   */
  identify(token: string): Promise<Identity>;
}

/** A caller's name goes into traces and limits. */
const NAME = /^[\x21-\x7e]{1,128}$/;
/**
 * How long the issuer's keys are used before they are fetched again, and how long a key that is not among them is not
 * asked for.
 */
const KEYS_AGE_MS = 600_000;
const COOLDOWN_MS = 30_000;

/** Tokens by their issuer's settings. The issuer's keys are fetched when they are first needed, and again when they change. */
export function createTokens(options: TokenOptions, workspaces: Config["workspaces"]): Tokens {
  const keys = createRemoteJWKSet(new URL(options.jwksUrl), {
    timeoutDuration: options.fetchMs,
    cacheMaxAge: KEYS_AGE_MS,
    cooldownDuration: COOLDOWN_MS,
  });
  const known = new Set([DEFAULT_WORKSPACE, ...workspaces.map(({ name }) => name)]);
  return {
    isOne: (text) => issuerOf(text) === options.issuer,
    async identify(token) {
      const { payload } = await jwtVerify(token, keys, {
        issuer: options.issuer,
        audience: options.audience,
        algorithms: options.algorithms,
        clockTolerance: options.clockToleranceMs / 1000,
        requiredClaims: ["exp"],
      }).catch((cause: unknown) => {
        throw failureOf(cause);
      });
      return identityOf(payload, options, known);
    },
  };
}

function issuerOf(text: string): string | undefined {
  if (!text.startsWith("ey")) return undefined;
  try {
    return decodeJwt(text).iss;
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function failureOf(cause: unknown): ServiceError {
  if (cause instanceof errors.JWTExpired) return refusedCredential("expired", "The token has expired. Get a new one.");
  const isOfToken = cause instanceof errors.JOSEError && !isOfFetching(cause);
  if (isOfToken) {
    return refusedCredential(
      "unknown",
      "The token is not one that is taken here: its signature, issuer, audience or times.",
      cause,
    );
  }
  const message = "The keys of the tokens' issuer cannot be fetched now. Try again.";
  return new ServiceError("unavailable", message, { cause, retryAfterMs: 1000 });
}

function isOfFetching(cause: errors.JOSEError): boolean {
  return (
    cause instanceof errors.JWKSTimeout || cause instanceof errors.JWKSInvalid || cause.code === "ERR_JOSE_GENERIC"
  );
}

const words = z.union([z.array(z.string()), z.string().transform((text) => text.split(" "))]).catch([]);

function identityOf(
  payload: JWTPayload,
  { claims, roles, workspace }: TokenOptions,
  known: ReadonlySet<string>,
): Identity {
  const name = z.string().regex(NAME).safeParse(payload[claims.name]).data;
  if (name === undefined)
    throw refusedCredential("unknown", `The token's claim ${claims.name} must be 1 to 128 printable characters.`);
  const claimed = payload[claims.workspace] ?? workspace;
  if (typeof claimed !== "string" || !known.has(claimed)) {
    throw refusedCredential("unknown", `The token's claim ${claims.workspace} names no workspace that there is.`);
  }
  const granted = words
    .parse(payload[claims.roles])
    .flatMap((word): readonly Role[] => roles[word] ?? (isRole(word) ? [word] : []));
  return {
    kind: "token",
    name,
    workspace: claimed,
    roles: withIncluded(granted),
    endpoints: undefined,
    defaultExperiment: undefined,
  };
}
