import type { Config } from "../config/schema.ts";
import type { CertifiedPeer } from "../tls/certified-peer.ts";
import type { Identity } from "./identity.ts";
import { withIncluded } from "./role.ts";

type CertificateOptions = Exclude<NonNullable<Config["auth"]>, "none">["certificates"][number];

/** Finds out who a certificate names that TLS has verified. Undefined: nobody who is known. */
export type IdentifyCertificate = (peer: CertifiedPeer) => Identity | undefined;

/** The certificates of a configuration, by what they are issued for. */
export function createKnownCertificates(certificates: readonly CertificateOptions[]): IdentifyCertificate {
  const known = new Map(certificates.map((options) => [options.subject, identityOf(options)]));
  return ({ commonName, names }) => {
    const all = commonName === undefined ? names : [`CN:${commonName}`, ...names];
    return all.map((name) => known.get(name)).find((identity) => identity !== undefined);
  };
}

function identityOf({ name, workspace, roles, endpoints, defaultExperiment }: CertificateOptions): Identity {
  return {
    kind: "certificate",
    name,
    workspace,
    roles: withIncluded(roles),
    endpoints: endpoints && new Set(endpoints),
    defaultExperiment,
  };
}
