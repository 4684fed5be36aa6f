import { createClock } from "#lib/clock.ts";
import type { Config } from "#lib/config/schema.ts";
import type { Logger } from "#lib/logger.ts";
import { startOpsServer } from "#lib/ops-server.ts";
import { checkContextTravels } from "#lib/rpc/context-self-check.ts";
import { startRpcServer } from "#lib/rpc/server.ts";
import { observeTraceContext } from "#lib/trace-context/register.ts";
import { EndpointServiceService } from "#proto/twinspan/gateway/v1/endpoint_service.ts";
import { GatewayServiceService } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import { createEndpointService } from "./endpoint-service.ts";
import { createEndpoints } from "./endpoints.ts";
import type { Gateway } from "./gateway.ts";
import { createGatewayService } from "./gateway-service.ts";
import { GatewayMetrics } from "./metrics.ts";
import { startOutbox } from "./outbox/outbox.ts";
import { RoutingMemory } from "./routing/routing-memory.ts";
import { createTroubleLog } from "./trouble-log.ts";

/** What a message may have around its body. */
const MESSAGE_OVERHEAD_BYTES = 64 * 1024;
/** The health service's name for whether traces get through. Calls are served all the same. */
const TRACING = "twinspan.tracing";
const HEALTH_EVERY_MS = 1000;

/** A gateway that takes calls. Disposing of it drains it: calls end, then the outbox is shipped as far as time allows. */
export interface RunningGateway extends AsyncDisposable {
  /** Where gRPC callers come in. */
  readonly address: string;
  /** Where /metrics, /healthz and /readyz are. */
  readonly opsAddress: string;
}

/** Starts the gateway. Throws an Error for the operator when it cannot. */
export async function startGateway(config: Config, { log }: { readonly log: Logger }): Promise<RunningGateway> {
  await checkContextTravels();
  await using started = new AsyncDisposableStack();
  const options = config.gateway;
  const routing = new RoutingMemory(log);
  const endpoints = started.use(createEndpoints(config, routing));
  const outbox = started.use(await startOutbox(options.outbox, options.traceWriter, log));
  const metrics = new GatewayMetrics(() => outbox.state(), routing);
  observeTraceContext((outcome) => metrics.context(outcome));
  const gateway: Gateway = {
    endpoints,
    outbox,
    metrics,
    limits: options.limits,
    clock: createClock(),
    random: Math.random,
    log,
  };

  let isReady = true;
  const degraded = () => {
    const { trouble } = outbox.state();
    return trouble === undefined ? [] : [`tracing degraded: ${trouble}`];
  };
  const ops = started.use(
    await startOpsServer(options.ops, metrics.registry, () => ({ ready: isReady, degraded: degraded() })),
  );
  const server = started.use(
    await startRpcServer({
      listen: options.listen,
      services: [
        {
          name: "twinspan.gateway.v1.GatewayService",
          definition: GatewayServiceService,
          implementation: createGatewayService(gateway),
        },
        {
          name: "twinspan.gateway.v1.EndpointService",
          definition: EndpointServiceService,
          implementation: createEndpointService(gateway, BigInt(Math.floor(Date.now() / 1000))),
        },
      ],
      messageBytesMax: options.limits.requestBytesMax + MESSAGE_OVERHEAD_BYTES,
      drainMs: options.drainMs,
    }),
  );
  const tellTrouble = createTroubleLog(log);
  const healthTimer = setInterval(() => {
    server.setHealth(TRACING, degraded().length === 0);
    tellTrouble(outbox.state().trouble);
  }, HEALTH_EVERY_MS);
  started.defer(() => {
    isReady = false;
    clearInterval(healthTimer);
  });

  log.info(
    {
      address: server.address,
      ops: ops.address,
      outbox: options.outbox.path,
      endpoints: endpoints.all.map(({ name }) => name),
    },
    "ready",
  );
  const resources = started.move();
  return {
    address: server.address,
    opsAddress: ops.address,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
