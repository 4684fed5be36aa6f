import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";

/** Where the parts of one side of a TLS connection are: PEM files. */
export interface CertificateFiles {
  /** The certificate that is shown, followed by those between it and its root. With `keyFile`, or not at all. */
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  /** Who signs the certificates of the other side. */
  readonly caFile?: string | undefined;
}

/** What those files hold, read and found to fit. */
export interface Certificates {
  readonly identity: { readonly certificate: Buffer; readonly privateKey: Buffer } | undefined;
  readonly ca: Buffer | undefined;
  /** When the first certificate of `certFile` or `caFile` expires, in milliseconds since the Unix epoch. */
  readonly expiresMs: number;
}

/**
 * Reads them. Throws an Error that names the file, what is wrong and what to do: one that cannot be read, that is no
 * PEM, a certificate that is not valid at `nowMs`, a key of another certificate.
 */
export function readCertificates({ certFile, keyFile, caFile }: CertificateFiles, nowMs: number): Certificates {
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new Error(`a certificate and its key go together, and ${certFile ?? keyFile} is alone. Name both.`);
  }
  const identity = certFile === undefined || keyFile === undefined ? undefined : readIdentity(certFile, keyFile, nowMs);
  const ca = caFile === undefined ? undefined : readAuthorities(caFile, nowMs);
  const expiresMs = Math.min(
    identity?.expiresMs ?? Number.POSITIVE_INFINITY,
    ca?.expiresMs ?? Number.POSITIVE_INFINITY,
  );
  return { identity, ca: ca?.pem, expiresMs };
}

function readIdentity(certFile: string, keyFile: string, nowMs: number) {
  const certificate = readFile(certFile);
  const privateKey = readFile(keyFile);
  const [own] = certificatesIn(certificate, certFile);
  const key = keyIn(privateKey, keyFile);
  if (!own.checkPrivateKey(key)) {
    throw new Error(`the key in ${keyFile} is not that of the certificate in ${certFile}. Put the pair there.`);
  }
  const fault = validityFaultOf(own, nowMs);
  if (fault !== undefined) throw new Error(`the certificate in ${certFile} ${fault}. Renew it.`);
  try {
    createSecureContext({ cert: certificate, key: privateKey });
  } catch (cause) {
    throw new Error(`${certFile} and ${keyFile} cannot be used: ${reasonOf(cause)}`, { cause });
  }
  return { certificate, privateKey, expiresMs: Date.parse(own.validTo) };
}

/** Of several authorities one may have expired: a bundle is renewed by adding to it. */
function readAuthorities(caFile: string, nowMs: number) {
  const pem = readFile(caFile);
  const all = certificatesIn(pem, caFile);
  const valid = all.filter((authority) => validityFaultOf(authority, nowMs) === undefined);
  if (valid.length === 0) {
    throw new Error(`the certificate in ${caFile} ${validityFaultOf(all[0], nowMs)}. Renew it.`);
  }
  return { pem, expiresMs: Math.max(...valid.map(({ validTo }) => Date.parse(validTo))) };
}

function readFile(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const why = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
    throw new Error(`${file} cannot be read${why}. Put a PEM file there, or name another.`, { cause });
  }
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function certificatesIn(pem: Buffer, file: string): readonly [X509Certificate, ...X509Certificate[]] {
  try {
    const [first, ...rest] = (pem.toString("latin1").match(CERTIFICATE) ?? []).map((one) => new X509Certificate(one));
    if (first !== undefined) return [first, ...rest];
  } catch (cause) {
    throw new Error(`${file} has a certificate that cannot be read: ${reasonOf(cause)}`, { cause });
  }
  throw new Error(`${file} has no certificate in it. It must be PEM: -----BEGIN CERTIFICATE-----.`);
}

function keyIn(pem: Buffer, file: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new Error(`${file} has no private key that can be read. It must be PEM, and not encrypted.`, { cause });
  }
}

/** What is wrong with a certificate's time, in words. Undefined: nothing. */
function validityFaultOf({ validFrom, validTo }: X509Certificate, nowMs: number): string | undefined {
  if (Date.parse(validTo) <= nowMs) return `has expired on ${dayOf(validTo)}`;
  if (Date.parse(validFrom) > nowMs) return `is not valid before ${dayOf(validFrom)}`;
  return undefined;
}

function dayOf(time: string): string {
  return new Date(time).toISOString().slice(0, 10);
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
