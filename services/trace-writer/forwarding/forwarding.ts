import type { Config } from "#lib/config/schema.ts";
import type { Logger } from "#lib/logger.ts";
import type { ForwardQueue } from "../store/forward-queue.ts";
import type { Destination, DestinationOptions } from "./destination.ts";
import { type Forwarder, type ForwardingObserver, startForwarder } from "./forwarder.ts";
import { createGrpcDestination } from "./grpc-destination.ts";
import { createHttpDestination } from "./http-destination.ts";

/** Forwards what waits to all destinations, each at its own pace: one that is down holds up no other. */
export interface Forwarding extends AsyncDisposable {
  /** Says that something waits. */
  wake(): void;
  /** What is wrong, in words, a line a destination. */
  troubles(): readonly string[];
}

/** Starts it. What waits for destinations that are configured no more is dropped, and counted. */
export async function startForwarding(
  destinations: Config["traceWriter"]["destinations"],
  queue: ForwardQueue,
  observer: ForwardingObserver,
  log: Logger,
): Promise<Forwarding> {
  await using started = new AsyncDisposableStack();
  await dropUnconfigured(Object.keys(destinations), queue, observer, log);
  const forwarders: readonly Forwarder[] = Object.entries(destinations).map(([name, options]) =>
    started.use(startForwarder({ ...options, name }, queue, destinationOf(options), observer, log)),
  );
  const owned = started.move();
  return {
    wake() {
      for (const forwarder of forwarders) forwarder.wake();
    },
    troubles: () => forwarders.flatMap((forwarder) => forwarder.trouble() ?? []),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A store that cannot be written to now is no reason not to start: the next start tries again. */
async function dropUnconfigured(
  destinations: readonly string[],
  queue: ForwardQueue,
  observer: ForwardingObserver,
  log: Logger,
): Promise<void> {
  try {
    const { items, spans } = await queue.keepOnly(destinations);
    if (items === 0) return;
    observer.dropped("", "unconfigured", spans);
    log.warn({ items, spans }, "what waited for destinations that are gone is dropped");
  } catch (error) {
    log.warn({ err: error }, "what waits for destinations that are gone cannot be dropped now");
  }
}

function destinationOf(options: DestinationOptions): Destination {
  switch (options.protocol) {
    case "http/protobuf":
      return createHttpDestination(options);
    case "grpc":
      return createGrpcDestination(options);
  }
}
