import type { Config } from "#lib/config/schema.ts";
import { channelCredentials, channelOptions } from "#lib/rpc/client.ts";
import type { LiveCertificates } from "#lib/tls/live-certificates.ts";
import { EndpointServiceClient } from "#proto/twinspan/gateway/v1/endpoint_service.ts";
import { GatewayServiceClient } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import { ExperimentServiceClient } from "#proto/twinspan/trace/v1/experiment_service.ts";
import { TraceEditorServiceClient } from "#proto/twinspan/trace/v1/trace_editor_service.ts";
import { TraceReaderServiceClient } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { ByteCalls } from "./byte-calls.ts";

/** How the services are called in messages. */
export const GATEWAY = "the gateway";
export const TRACE_WRITER = "the trace-writer";

/** What a message has around the body it carries, at the most. */
const ENVELOPE_BYTES = 1024 * 1024;

/** The services behind the ingress. */
export type Peer = "gateway" | "traceWriter";

/** The clients of the services behind the ingress. Each service has one channel, which its clients share. */
export interface Peers extends Disposable {
  readonly gateway: GatewayServiceClient;
  readonly endpoints: EndpointServiceClient;
  readonly reader: TraceReaderServiceClient;
  readonly editor: TraceEditorServiceClient;
  readonly experiments: ExperimentServiceClient;
  /** Calls of the two services whose messages are bytes to the ingress. */
  readonly bytes: Readonly<Record<Peer, ByteCalls>>;
}

/** Opens channels to the gateway and the trace-writer. They connect when first used, and again whenever they must. */
export function openPeers(config: Config, certificates: LiveCertificates | undefined): Peers {
  const credentials = channelCredentials(certificates);
  const serverName = config.ingress.peerTls?.serverName;
  const { answerBytesMax, eventBytesMax } = config.gateway.limits;
  const gateway = new GatewayServiceClient(
    config.ingress.gateway,
    credentials,
    channelOptions(Math.max(answerBytesMax, eventBytesMax) + ENVELOPE_BYTES, serverName),
  );
  const reader = new TraceReaderServiceClient(
    config.ingress.traceWriter,
    credentials,
    channelOptions(config.traceWriter.limits.messageBytesMax + ENVELOPE_BYTES, serverName),
  );
  const toGateway = { channelOverride: gateway.getChannel() };
  const toTraceWriter = { channelOverride: reader.getChannel() };
  return {
    gateway,
    reader,
    editor: new TraceEditorServiceClient(config.ingress.traceWriter, credentials, toTraceWriter),
    experiments: new ExperimentServiceClient(config.ingress.traceWriter, credentials, toTraceWriter),
    endpoints: new EndpointServiceClient(config.ingress.gateway, credentials, toGateway),
    bytes: {
      gateway: new ByteCalls(GATEWAY, config.ingress.gateway, credentials, toGateway),
      traceWriter: new ByteCalls(TRACE_WRITER, config.ingress.traceWriter, credentials, toTraceWriter),
    },
    [Symbol.dispose]() {
      gateway.close();
      reader.close();
    },
  };
}
