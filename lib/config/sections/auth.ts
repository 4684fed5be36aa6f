import { z } from "zod";
import { ROLES } from "#lib/auth/role.ts";
import { callersMirrors } from "./forwarding.ts";
import { experimentName, ms, name } from "./scalars.ts";

const HASH = "must be sha256: and 64 hex digits, as `twinspan key new` prints it";
const TIME = "must be a time with its zone, such as 2027-01-31T00:00:00Z";

const role = z.enum(ROLES).describe("A role.");

const rights = {
  workspace: name.default("default").describe("Whose experiments, traces and endpoints it deals with."),
  roles: z
    .array(role)
    .min(1, "must name at least one role")
    .max(ROLES.length)
    .describe("What it may do (docs/keys.md)."),
  endpoints: z
    .array(name.describe("An endpoint's name."))
    .max(10_000)
    .optional()
    .describe("The endpoints it may invoke, of those that its workspace may. Default: all of those."),
  defaultExperiment: experimentName
    .optional()
    .describe("The experiment of the spans that it sends without naming one. Default: Default."),
  mirrors: callersMirrors,
};

/** One of `auth.keys`. */
const key = z.strictObject({
  name: name.describe(
    "What traces, logs and limits call it. Two keys of one name, and of the same rights, are one caller: so a key is replaced without a gap.",
  ),
  hash: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, HASH)
    .describe("The SHA-256 of the key. The key itself is kept nowhere."),
  ...rights,
  expires: z
    .string()
    .refine((text) => /T.*(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text)), TIME)
    .optional()
    .describe("From when on it is refused. Default: never."),
});

/** `auth.certificates`: who calls with a client certificate in place of a key. */
const certificate = z.strictObject({
  name: name.describe("What traces, logs and limits call it."),
  subject: z
    .string()
    .min(1)
    .max(250)
    .describe(
      "Whom the certificate names, with the kind of name: `URI:spiffe://org/gateway`, `DNS:gateway.internal`, or `CN:gateway`.",
    ),
  ...rights,
});

const claimName = z.string().min(1).max(128);

/** `auth.jwt`: who calls with a token of an identity provider. */
const jwt = z.strictObject({
  issuer: z.string().min(1).max(1000).describe("The `iss` that a token must have."),
  audience: z.string().min(1).max(1000).describe("What a token's `aud` must name."),
  jwksUrl: z.url({ protocol: /^https?$/ }).describe("Where the issuer's keys are (JWKS)."),
  algorithms: z
    .array(
      z
        .enum(["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"])
        .describe("An algorithm of JWS."),
    )
    .min(1)
    .default(["RS256", "ES256"])
    .describe("The signatures that are taken. None with a shared secret is."),
  clockToleranceMs: ms(30_000, "How far the issuer's clock may be from ours."),
  fetchMs: ms(5_000, "How long fetching the issuer's keys may take. Past it calls with tokens are 503."),
  claims: z
    .strictObject({
      name: claimName.default("sub").describe("The claim that names the caller."),
      workspace: claimName
        .default("twinspan_workspace")
        .describe("The claim that names the workspace. It must be one of `workspaces`, or default."),
      roles: claimName
        .default("twinspan_roles")
        .describe(
          "The claim that lists roles, or words that `roles` has roles for; also as one text, parted by spaces.",
        ),
    })
    .prefault({}),
  roles: z
    .record(z.string().min(1).max(250), z.array(role))
    .default({})
    .describe("The roles behind a word of the issuer's: `platform-team: [admin]`. Roles' own names need no entry."),
  workspace: name.optional().describe("The workspace of tokens without that claim. Default: they are refused."),
});

/** `auth`: who may do what. */
export const auth = z
  .union([
    z.literal("none").describe("Everyone may do everything, on any address."),
    z.strictObject({
      keys: z.array(key).max(100_000).default([]).describe("The keys there are."),
      jwt: jwt.optional().describe("Tokens of an identity provider, beside keys."),
      certificates: z
        .array(certificate)
        .max(10_000)
        .default([])
        .describe("Client certificates, where a service asks for them, in place of keys. A key counts before them."),
    }),
  ])
  .optional()
  .describe(
    "Who may do what. Left out: everyone everything, and services listen on this machine only. `none`: the same on any address.",
  );
