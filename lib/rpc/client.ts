import { type ChannelCredentials, type ChannelOptions, credentials, experimental } from "@grpc/grpc-js";
import { DEFAULT_PEERS, type PeerSettings } from "../config/sections/peers.ts";
import type { LiveCertificates } from "../tls/live-certificates.ts";
import { LOOK_UP_MS_OPTION, NameResolver } from "./name-resolver.ts";
import { serviceConfigOf } from "./service-config.ts";

// grpc-js knows resolvers by their scheme, for the whole process: from here on targets with names are looked up as ours
// are.
experimental.registerResolver("dns", NameResolver);

/**
 * TLS by these certificates, as they are whenever a connection is opened. Without any, in the clear: the hop stays
 * within the machine or a mesh that encrypts.
 */
export function channelCredentials(certificates?: LiveCertificates): ChannelCredentials {
  if (certificates === undefined) return credentials.createInsecure();
  const own = certificates.now.identity === undefined ? null : certificates;
  return experimental.createCertificateProviderChannelCredentials(certificates, own);
}

/**
 * Options of every channel between services: calls go round-robin over all addresses of the target
 * (`dns:///gateway:7001`, `dns:///gateway-a:7001,gateway-b:7001`, `ipv4:10.0.0.1:7001,10.0.0.2:7001`), as `peers` says;
 * windows are large, dead connections are noticed. A proxy that the environment names (`http_proxy`) is for the web and
 * is not used. `serverName` is what certificates must be for, where that is not the (first) host of the target.
 */
export function channelOptions(
  messageBytesMax: number,
  serverName?: string,
  peers: PeerSettings = DEFAULT_PEERS,
): ChannelOptions {
  return {
    ...(serverName === undefined ? {} : { "grpc.ssl_target_name_override": serverName }),
    "grpc.service_config": serviceConfigOf(peers),
    [LOOK_UP_MS_OPTION]: peers.lookUpMs,
    "grpc.max_receive_message_length": messageBytesMax,
    "grpc.max_send_message_length": -1,
    "grpc.enable_http_proxy": 0,
    "grpc-node.flow_control_window": 4 * 1024 * 1024,
    "grpc.keepalive_time_ms": 30_000,
    "grpc.keepalive_timeout_ms": 10_000,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 500,
  };
}
