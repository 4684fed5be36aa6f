import type { ExchangeCount } from "#lib/rpc/exchange-metrics.ts";
import type { GatewayServiceClient } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import type { GatewayAddresses } from "./gateway-addresses.ts";

/** What streams are opened with. */
export interface ExchangeOptions {
  readonly addresses: GatewayAddresses;
  /** A client whose channel goes to this address alone. */
  createClient(address: string): GatewayServiceClient;
  /** The largest piece of an answer, in bytes. */
  readonly pieceBytesMax: number;
  readonly count: ExchangeCount;
  /** How often names are looked up again, in milliseconds. Default: 30 s. */
  readonly lookUpMs?: number;
}
