import type { PeerCertificate } from "node:tls";

/** What is looked at of a certificate. */
type Named = Pick<PeerCertificate, "subject" | "subjectaltname">;

/** Whom a certificate names that was verified against the authorities of ours. */
export interface CertifiedPeer {
  /** The subject's common name. Undefined: it has none, or several. */
  readonly commonName: string | undefined;
  /** The subject's alternative names by kind, as OpenSSL calls it: `DNS:gateway`, `URI:spiffe://org/gateway`, `IP Address:…`. */
  readonly names: readonly string[];
}

/** Whom it names. Undefined: there is no certificate. It must have been verified: this looks at its words only. */
export function certifiedPeerOf(certificate: Partial<Named> | undefined): CertifiedPeer | undefined {
  if (certificate?.subject === undefined) return undefined;
  // Node gives an array where a subject has several of a kind, whatever its types say.
  const commonName: unknown = certificate.subject.CN;
  return {
    commonName: typeof commonName === "string" ? commonName : undefined,
    names: alternativeNamesOf(certificate.subjectaltname ?? ""),
  };
}

/** A name that holds what could be taken for another is quoted by Node, as JSON. */
const NAME = /([A-Za-z][A-Za-z ]*):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/gy;

function alternativeNamesOf(text: string): readonly string[] {
  return Array.from(text.matchAll(NAME), ([, kind = "", name = ""]) => `${kind}:${unquoted(name)}`);
}

function unquoted(name: string): string {
  if (!name.startsWith('"')) return name;
  const parsed: unknown = JSON.parse(name);
  return String(parsed);
}
