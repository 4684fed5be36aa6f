import { z } from "zod";

const file = (what: string) => z.string().min(1).describe(what);

/** How a port speaks TLS. Absent: it speaks in the clear. Files are PEM, and are read again when they change. */
export const serverTls = z.strictObject({
  certFile: file("The certificate, followed by those between it and its root."),
  keyFile: file("Its private key."),
  clientCaFile: file("Who signs the certificates of those who connect. Absent: they are asked for none.").optional(),
  clientCertificates: z
    .enum(["required", "optional"])
    .default("required")
    .describe("Whether those who connect without a certificate of `clientCaFile` are refused."),
});

/** How the services behind are spoken to by TLS. Absent: in the clear. Files are PEM, and are read again when they change. */
export const peerTls = z.strictObject({
  caFile: file("Who signs the services' certificates. Absent: the public authorities that Node knows.").optional(),
  certFile: file("The certificate that is shown to services which ask for one.").optional(),
  keyFile: file("Its private key.").optional(),
  serverName: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,253}$/, "must be a host name")
    .optional()
    .describe("The name that the services' certificates must have. Absent: the host of the target."),
});
