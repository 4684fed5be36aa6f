import type { Client } from "@grpc/grpc-js";
import type { PeerSettings } from "#lib/config/sections/peers.ts";
import type { ExchangeCount } from "#lib/rpc/exchange-metrics.ts";
import type { GatewayServiceClient } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import type { GatewayAddresses } from "./gateway-addresses.ts";

/** What streams are opened with. */
export interface ExchangeOptions {
  readonly addresses: GatewayAddresses;
  /** A client for streams, whose channel goes to this address alone. */
  createStreamClient(address: string): Client;
  /** A client for calls, whose channel goes to this address alone. */
  createCallClient(address: string): GatewayServiceClient;
  /** The largest piece of an answer, in bytes. */
  readonly pieceBytesMax: number;
  readonly count: ExchangeCount;
  readonly fallbacks: FallbackObserver;
  /** How often names are looked up again, and what is done about copies that fail. */
  readonly peers: Pick<PeerSettings, "lookUpMs" | "outliers">;
  /** How long a gateway that does not know Exchange gets calls until it is tried again, in milliseconds. Default: 30 s. */
  readonly tryAgainMs?: number;
}

/** Hears of copies of the gateway that do not know Exchange. */
export interface FallbackObserver {
  /** From now on every invocation goes to this address as a call of its own. */
  onBegin(address: string): void;
  /** No more: streams are open there, or the address is no longer used. */
  onEnd(address: string): void;
}
