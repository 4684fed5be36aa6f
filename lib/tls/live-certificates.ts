import { rootCertificates } from "node:tls";
import type { experimental } from "@grpc/grpc-js";
import { watchFiles } from "../config/watch-files.ts";
import { type CertificateFiles, type Certificates, readCertificates } from "./certificates.ts";

type Provider = Parameters<typeof experimental.createCertificateProviderServerCredentials>[0];
type CaListener = Parameters<Provider["addCaCertificateListener"]>[0];
type IdentityListener = Parameters<Provider["addIdentityCertificateListener"]>[0];

/** A certificate that expires within this is told of in health. */
const SOON_MS = 14 * 24 * 3_600_000;

/**
 * The certificates of one side of TLS connections, as their files have them now. When the files change, those who
 * listen get the new ones, for connections from then on; the connections there are go on. Files that do not fit, such
 * as a new certificate whose key has not come yet, change nothing but {@link trouble}.
 *
 * It is what grpc-js calls a certificate provider. Its own drops every connection while files do not fit.
 */
export class LiveCertificates implements Provider {
  /** The setting that names them, `gateway.tls`. */
  readonly name: string;
  readonly #files: CertificateFiles;
  readonly #nowMs: () => number;
  readonly #ca = new Set<CaListener>();
  readonly #identity = new Set<IdentityListener>();
  readonly #changes = new Set<(now: Certificates) => void>();
  #now: Certificates;
  #fault: string | undefined;

  /** Throws an Error that names the setting, the file, and what to do. */
  constructor(name: string, files: CertificateFiles, nowMs: () => number = Date.now) {
    this.name = name;
    this.#files = files;
    this.#nowMs = nowMs;
    try {
      this.#now = readCertificates(files, nowMs());
    } catch (cause) {
      throw new Error(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }

  get now(): Certificates {
    return this.#now;
  }

  /** What is wrong with them, or soon will be, in words. Undefined: nothing. */
  get trouble(): string | undefined {
    if (this.#fault !== undefined) return `${this.name}: ${this.#fault} The certificates from before are in use`;
    const left = this.#now.expiresMs - this.#nowMs();
    if (left > SOON_MS) return undefined;
    const on = new Date(this.#now.expiresMs).toISOString();
    return left > 0
      ? `${this.name}: a certificate expires soon, on ${on}`
      : `${this.name}: a certificate expired ${on}`;
  }

  /** Reads the files again whenever they change, until it is disposed of. `onReload` hears whether they fitted. */
  watch(onReload: (outcome: "ok" | "failed") => void = () => {}, lookMs?: number): Disposable {
    const { certFile, keyFile, caFile } = this.#files;
    const files = [certFile, keyFile, caFile].filter((file) => file !== undefined);
    return watchFiles(
      () => files,
      () => onReload(this.#reload()),
      lookMs,
    );
  }

  /** Calls `listener` with new certificates, from now on. */
  onChange(listener: (now: Certificates) => void): void {
    this.#changes.add(listener);
  }

  addCaCertificateListener(listener: CaListener): void {
    this.#ca.add(listener);
    process.nextTick(() => listener(this.#caUpdate));
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.#ca.delete(listener);
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    this.#identity.add(listener);
    process.nextTick(() => listener(this.#now.identity ?? null));
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.#identity.delete(listener);
  }

  #reload(): "ok" | "failed" {
    try {
      this.#now = readCertificates(this.#files, this.#nowMs());
    } catch (error) {
      this.#fault = error instanceof Error ? error.message : String(error);
      return "failed";
    }
    this.#fault = undefined;
    for (const listener of this.#identity) listener(this.#now.identity ?? null);
    for (const listener of this.#ca) listener(this.#caUpdate);
    for (const listener of this.#changes) listener(this.#now);
    return "ok";
  }

  /** Where no authority is named, it is those that everybody believes. */
  get #caUpdate() {
    return { caCertificate: this.#now.ca ?? Buffer.from(rootCertificates.join("\n")) };
  }
}
