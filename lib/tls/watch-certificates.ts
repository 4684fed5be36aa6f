import { Counter, Gauge, type Registry } from "prom-client";
import type { Logger } from "../logger.ts";
import type { LiveCertificates } from "./live-certificates.ts";

/** Certificates that are read again as their files change. */
export interface WatchedCertificates extends Disposable {
  /** What is wrong with them, or soon will be, a sentence each. */
  readonly troubles: readonly string[];
}

/** Watches those certificates that there are, and has their figures under `registry`. */
export function watchCertificates(
  registry: Registry,
  given: readonly (LiveCertificates | undefined)[],
  log: Logger,
): WatchedCertificates {
  const all = given.filter((certificates) => certificates !== undefined);
  const reloads = new Counter({
    name: "twinspan_certificate_reloads_total",
    help: "Readings of certificates after their files changed, by outcome: ok, or failed (those before stay in use).",
    labelNames: ["of", "outcome"],
    registers: [registry],
  });
  new Gauge({
    name: "twinspan_certificate_expiry_timestamp_seconds",
    aggregator: "min",
    help: "When the first of the certificates in use expires, in seconds since the Unix epoch.",
    labelNames: ["of"],
    registers: [registry],
    collect() {
      for (const { name, now } of all) if (Number.isFinite(now.expiresMs)) this.set({ of: name }, now.expiresMs / 1000);
    },
  });
  const watches = new DisposableStack();
  for (const certificates of all) {
    const { name } = certificates;
    const onReload = (outcome: "ok" | "failed") => {
      reloads.inc({ of: name, outcome });
      if (outcome === "ok") log.info({ certificates: name }, "certificates reloaded");
      else log.warn({ trouble: certificates.trouble }, "certificates not reloaded");
    };
    watches.use(certificates.watch(onReload));
  }
  return {
    get troubles() {
      return all.map(({ trouble }) => trouble).filter((trouble) => trouble !== undefined);
    },
    [Symbol.dispose]: () => watches.dispose(),
  };
}
