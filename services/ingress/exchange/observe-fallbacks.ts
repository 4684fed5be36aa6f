import { Gauge, type Registry } from "prom-client";
import type { Logger } from "#lib/logger.ts";
import type { FallbackObserver } from "./exchange-options.ts";

/** Counts under `registry` the copies of the gateway that do not know Exchange, and says of each once that it does not. */
export function observeFallbacks(registry: Registry, log: Logger): FallbackObserver {
  const told = new Set<string>();
  const copies = new Gauge({
    name: "twinspan_exchange_fallback_copies",
    help: "Copies of the gateway that do not know Exchange, and get each invocation as a call of its own.",
    registers: [registry],
  });
  return {
    onBegin(address) {
      copies.inc();
      if (told.has(address)) return;
      told.add(address);
      log.warn({ address }, "the gateway there does not know Exchange, and gets each invocation as a call of its own");
    },
    onEnd: () => copies.dec(),
  };
}
