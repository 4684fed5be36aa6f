import type { Config } from "../config/schema.ts";
import type { CertificateFiles } from "./certificates.ts";
import { LiveCertificates } from "./live-certificates.ts";

type ServerTlsOptions = NonNullable<Config["gateway"]["tls"]>;

/** How a port speaks TLS. */
export interface ServerTls {
  readonly certificates: LiveCertificates;
  /** Whether those who connect are asked for a certificate, and refused without one. */
  readonly clientCertificates: "none" | "optional" | "required";
}

/** The TLS of a port. Undefined: it speaks in the clear. Throws an Error that names the setting at fault. */
export function serverTlsOf(name: string, options: ServerTlsOptions | undefined): ServerTls | undefined {
  if (options === undefined) return undefined;
  const { certFile, keyFile, clientCaFile, clientCertificates } = options;
  return {
    certificates: new LiveCertificates(name, { certFile, keyFile, caFile: clientCaFile }),
    clientCertificates: clientCaFile === undefined ? "none" : clientCertificates,
  };
}

/** The certificates of the ways to other services, likewise. */
export function peerCertificatesOf(name: string, tls: CertificateFiles | undefined): LiveCertificates | undefined {
  return tls && new LiveCertificates(name, tls);
}

/** What is wrong with the files of certificates that a configuration names, a sentence a setting. */
export function certificateFaultsOf({ ingress, gateway, traceWriter }: Config): readonly string[] {
  const checks = [
    () => serverTlsOf("ingress.tls", ingress.tls),
    () => peerCertificatesOf("ingress.peerTls", ingress.peerTls),
    () => serverTlsOf("gateway.tls", gateway.tls),
    () => peerCertificatesOf("gateway.peerTls", gateway.peerTls),
    () => serverTlsOf("traceWriter.tls", traceWriter.tls),
  ];
  return checks.map(faultOf).filter((fault) => fault !== undefined);
}

function faultOf(check: () => unknown): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
