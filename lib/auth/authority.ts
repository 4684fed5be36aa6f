import type { Config } from "../config/schema.ts";
import type { CertifiedPeer } from "../tls/certified-peer.ts";
import { hasApiKey } from "./api-key.ts";
import { credentialAmong, withoutScheme } from "./credential.ts";
import { type Identity, NOBODY } from "./identity.ts";
import { createKnownCertificates, type IdentifyCertificate } from "./known-certificates.ts";
import { createKnownKeys, type IdentifyKey } from "./known-keys.ts";
import type { Need } from "./method-needs.ts";
import { refusedCredential, refusedRight } from "./refusal.ts";
import { createTokens, type Tokens } from "./tokens.ts";

/** The part of a configuration that says who may do what. */
export type AuthConfig = Pick<Config, "auth" | "workspaces">;

/** What a caller shows. */
export interface Presented {
  /** A header, or metadata, by its name in lower case. Undefined: it has none. */
  header(name: string): string | undefined;
  /** Whom the client certificate names that TLS has verified. Undefined: there is none. */
  readonly peer: CertifiedPeer | undefined;
}

/** Everything that can vouch for a caller. Undefined: keys are off. */
interface Vouchers {
  readonly identifyKey: IdentifyKey;
  readonly identifyCertificate: IdentifyCertificate;
  readonly tokens: Tokens | undefined;
}

/**
 * Says who calls, and what they may do. Each service has one of its own, from its own configuration, and takes no other
 * service's word. It holds hashes, no keys.
 */
export class Authority {
  readonly #nowMs: () => number;
  #vouchers: Vouchers | undefined;

  /** `nowMs` tells the time, in milliseconds since the Unix epoch. */
  constructor(config: AuthConfig, nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
    this.#vouchers = vouchersOf(config);
  }

  /** Whether callers must say who they are. */
  get asksForKeys(): boolean {
    return this.#vouchers !== undefined;
  }

  /** Takes another configuration: keys that are not in it are refused from here on. */
  replace(config: AuthConfig): void {
    this.#vouchers = vouchersOf(config);
  }

  /**
   * Who calls. Throws a ServiceError, or rejects with one: `unauthenticated` with the reason in its metadata;
   * `unavailable` where it cannot be found out now. A promise only where a token must be checked.
   */
  identify({ header, peer }: Presented): Identity | Promise<Identity> {
    const vouchers = this.#vouchers;
    if (vouchers === undefined) return NOBODY;
    const credential = this.credentialAmong(header);
    if (credential !== undefined) {
      if (vouchers.tokens?.isOne(credential)) return vouchers.tokens.identify(credential);
      return vouchers.identifyKey(credential, this.#nowMs());
    }
    const identity = peer && vouchers.identifyCertificate(peer);
    if (identity !== undefined) return identity;
    throw refusedCredential(
      "missing",
      "No key of twinspan's came with the request. Send it as your SDK sends its API key (authorization, x-api-key, x-goog-api-key or api-key), or as x-twinspan-key.",
    );
  }

  /** The credential among a request's headers that is meant for twinspan, whether keys are on here or not. Undefined: none is. */
  credentialAmong(header: (name: string) => string | undefined): string | undefined {
    return credentialAmong(header, (credential) => this.isOurs(credential));
  }

  /** Whether the value of a header is a credential for twinspan, known or not: then it goes to nobody else. */
  isOurs(value: string): boolean {
    return hasApiKey(value) || (this.#vouchers?.tokens?.isOne(withoutScheme(value)) ?? false);
  }
}

/** Throws `permission_denied` where a caller may not do what is asked. */
export function requireNeed(need: Need, { roles, name }: Identity): void {
  if (need === "nothing" || need === "known" || need.some((role) => roles.has(role))) return;
  throw refusedRight("role", `This asks for the role ${need.join(" or ")}, which "${name}" does not have.`);
}

function vouchersOf({ auth, workspaces }: AuthConfig): Vouchers | undefined {
  if (auth === undefined || auth === "none") return undefined;
  return {
    identifyKey: createKnownKeys(auth.keys),
    identifyCertificate: createKnownCertificates(auth.certificates),
    tokens: auth.jwt && createTokens(auth.jwt, workspaces),
  };
}
