import type { ProviderAnswer } from "../providers/provider.ts";

/**
 * Lets the provider close an answer that is over, so that its connection can be used again, and does not wait for it.
 * What the provider still sends closes the connection; its own timeouts bound how long it may stay silent.
 */
export function letGo({ body }: ProviderAnswer): void {
  body
    .next()
    .then(({ done }) => (done ? undefined : body.return()))
    .catch(() => {
      // The answer was complete: a connection that breaks after it concerns nobody.
    });
}
