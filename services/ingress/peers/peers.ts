import { type ChannelOptions, Client } from "@grpc/grpc-js";
import type { Registry } from "prom-client";
import type { Config } from "#lib/config/schema.ts";
import type { Logger } from "#lib/logger.ts";
import { channelCredentials, channelOptions } from "#lib/rpc/client.ts";
import { EXCHANGE_BYTES_MAX } from "#lib/rpc/exchange-bounds.ts";
import { countExchange } from "#lib/rpc/exchange-metrics.ts";
import type { LiveCertificates } from "#lib/tls/live-certificates.ts";
import { EndpointServiceClient } from "#proto/twinspan/gateway/v1/endpoint_service.ts";
import { GatewayServiceClient } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import { ExperimentServiceClient } from "#proto/twinspan/trace/v1/experiment_service.ts";
import { TraceEditorServiceClient } from "#proto/twinspan/trace/v1/trace_editor_service.ts";
import { TraceReaderServiceClient } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import type { Invocations } from "../core/invocations.ts";
import { callsOfTheirOwn } from "../exchange/calls-of-their-own.ts";
import { Exchange } from "../exchange/exchange.ts";
import { gatewayAddressesOf } from "../exchange/gateway-addresses.ts";
import { RECONNECT } from "../exchange/gateway-copy.ts";
import { observeFallbacks } from "../exchange/observe-fallbacks.ts";
import { ByteCalls } from "./byte-calls.ts";

/** How the services are called in messages. */
export const GATEWAY = "the gateway";
export const TRACE_WRITER = "the trace-writer";

/** What a message has around the body it carries, at the most. */
const ENVELOPE_BYTES = 1024 * 1024;

/** The services behind the ingress. */
export type Peer = "gateway" | "traceWriter";

/**
 * The clients of the services behind the ingress. Each service has one channel, which its clients share; calls of
 * models may have channels of their own to each copy of the gateway.
 */
export interface Peers extends Disposable {
  readonly gateway: GatewayServiceClient;
  /** The way that calls of models go. */
  readonly invocations: Invocations;
  readonly endpoints: EndpointServiceClient;
  readonly reader: TraceReaderServiceClient;
  readonly editor: TraceEditorServiceClient;
  readonly experiments: ExperimentServiceClient;
  /** Calls of the two services whose messages are bytes to the ingress. */
  readonly bytes: Readonly<Record<Peer, ByteCalls>>;
}

/** Opens channels to the gateway and the trace-writer. They connect when first used, and again whenever they must. */
export function openPeers(
  config: Config,
  certificates: LiveCertificates | undefined,
  registry: Registry,
  log: Logger,
): Peers {
  const credentials = channelCredentials(certificates);
  const serverName = config.ingress.peerTls?.serverName;
  const { answerBytesMax, eventBytesMax } = config.gateway.limits;
  const pieceBytesMax = Math.max(answerBytesMax, eventBytesMax) + ENVELOPE_BYTES;
  const { target, transport } = config.ingress.gateway;
  const gateway = new GatewayServiceClient(
    target,
    credentials,
    channelOptions(pieceBytesMax, serverName, config.peers),
  );
  const reader = new TraceReaderServiceClient(
    config.ingress.traceWriter,
    credentials,
    channelOptions(config.traceWriter.limits.messageBytesMax + ENVELOPE_BYTES, serverName, config.peers),
  );
  const toGateway = { channelOverride: gateway.getChannel() };
  const toTraceWriter = { channelOverride: reader.getChannel() };
  const openExchange = () => {
    const addresses = gatewayAddressesOf(target);
    const name = nameOf(addresses.authority, serverName);
    const forStreams = { ...channelOptions(EXCHANGE_BYTES_MAX, undefined, config.peers), ...OF_STREAMS, ...name };
    const forCalls = { ...channelOptions(pieceBytesMax, undefined, config.peers), ...name };
    return new Exchange({
      addresses,
      createStreamClient: (address) => new Client(address, credentials, forStreams),
      createCallClient: (address) => new GatewayServiceClient(address, credentials, forCalls),
      peers: config.peers,
      pieceBytesMax,
      count: countExchange(registry),
      fallbacks: observeFallbacks(registry, log),
    });
  };
  const exchange = transport === "exchange" ? openExchange() : undefined;
  return {
    gateway,
    invocations: exchange ?? callsOfTheirOwn(gateway),
    reader,
    editor: new TraceEditorServiceClient(config.ingress.traceWriter, credentials, toTraceWriter),
    experiments: new ExperimentServiceClient(config.ingress.traceWriter, credentials, toTraceWriter),
    endpoints: new EndpointServiceClient(target, credentials, toGateway),
    bytes: {
      gateway: new ByteCalls(GATEWAY, target, credentials, toGateway),
      traceWriter: new ByteCalls(TRACE_WRITER, config.ingress.traceWriter, credentials, toTraceWriter),
    },
    [Symbol.dispose]() {
      exchange?.[Symbol.dispose]();
      gateway.close();
      reader.close();
    },
  };
}

/**
 * A stream is never sent again, so its messages are not kept for that, and are told as sent when they are. Each channel
 * has a connection of its own: one to the same address may come to another worker.
 */
const OF_STREAMS: ChannelOptions = {
  "grpc.per_rpc_retry_buffer_size": 0,
  "grpc.use_local_subchannel_pool": 1,
  ...RECONNECT,
};

/** A channel to one copy presents itself as one to all of them: by the name, though it goes to an address. */
function nameOf(authority: string | undefined, serverName: string | undefined): ChannelOptions {
  const host = serverName ?? authority?.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  return {
    ...(host === undefined ? {} : { "grpc.ssl_target_name_override": host }),
    ...(authority === undefined ? {} : { "grpc.default_authority": authority }),
  };
}
