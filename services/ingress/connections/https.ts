import type { Server } from "node:http";
import type { ServerOptions } from "node:https";
import { Server as TlsServer } from "node:tls";
import type { Certificates } from "#lib/tls/certificates.ts";
import type { ServerTls } from "#lib/tls/configured-certificates.ts";

/** How long a client may take for the handshake. Then it is cut. */
const HANDSHAKE_MS = 10_000;

/** What Node's HTTPS server is made with. HTTP/1.1 alone is offered (ALPN): calls are long, and few share a connection. */
export function httpsOptionsOf({ certificates, clientCertificates }: ServerTls): ServerOptions {
  return {
    ...secureContextOf(certificates.now),
    ALPNProtocols: ["http/1.1"],
    handshakeTimeout: HANDSHAKE_MS,
    requestCert: clientCertificates !== "none",
    rejectUnauthorized: clientCertificates === "required",
  };
}

/** Has a server take new certificates as they come, for connections from then on. */
export function followCertificates(server: Server, { certificates }: ServerTls): void {
  if (!(server instanceof TlsServer)) throw new Error("only a server with TLS has certificates");
  certificates.onChange((now) => server.setSecureContext(secureContextOf(now)));
}

function secureContextOf({ identity, ca }: Certificates) {
  return { cert: identity?.certificate, key: identity?.privateKey, ca };
}
