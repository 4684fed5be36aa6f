import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type FastifyInstance, fastify } from "fastify";
import { createAccessLog } from "#lib/access-log.ts";
import { observeRefusals } from "#lib/auth/auth-metrics.ts";
import { Authority } from "#lib/auth/authority.ts";
import { type ConfigSource, fixedConfigSource } from "#lib/config/config-source.ts";
import { createReloading } from "#lib/config/reloading.ts";
import type { Config } from "#lib/config/schema.ts";
import { listenErrorOf } from "#lib/listen-error.ts";
import { limitConnections } from "#lib/load/limit-connections.ts";
import { startServiceLoad } from "#lib/load/service-load.ts";
import type { Logger } from "#lib/logger.ts";
import { startOwnTraces } from "#lib/own-traces/own-traces.ts";
import { checkContextTravels } from "#lib/rpc/context-self-check.ts";
import { peerCertificatesOf, serverTlsOf } from "#lib/tls/configured-certificates.ts";
import { watchCertificates } from "#lib/tls/watch-certificates.ts";
import { observeTraceContext } from "#lib/trace-context/register.ts";
import { ONLY_PROCESS, type WorkerLink } from "#lib/workers/worker-link.ts";
import { answerFailure, answerFailures, refuseOnSocket, refuseOtherMethods } from "./answer/refusals.ts";
import { createBodyBudget } from "./body/body-budget.ts";
import { followCertificates, httpsOptionsOf } from "./connections/https.ts";
import { sayGoodbye } from "./connections/say-goodbye.ts";
import { watchUnusedConnections } from "./connections/unused-connections.ts";
import { requestIdOf } from "./core/request-id.ts";
import type { IngressParts } from "./ingress-parts.ts";
import { createIngressMetrics } from "./metrics.ts";
import { openPeers } from "./peers/peers.ts";
import { admitCallers } from "./requests/admission.ts";
import { observeRequests } from "./requests/request-log.ts";
import { traceRequests } from "./requests/request-span.ts";
import { watchResponses } from "./requests/response-end.ts";
import { shedLoad } from "./requests/shed-load.ts";
import { routeAnthropic } from "./routes/anthropic.ts";
import { routeConnect } from "./routes/connect.ts";
import { routeConsole } from "./routes/console.ts";
import { routeGemini } from "./routes/gemini.ts";
import { routeMlflowExperiments } from "./routes/mlflow-experiments.ts";
import { routeMlflowGateway } from "./routes/mlflow-gateway.ts";
import { routeMlflowServer } from "./routes/mlflow-server.ts";
import { routeMlflowTraceEdits } from "./routes/mlflow-trace-edits.ts";
import { routeMlflowTraces } from "./routes/mlflow-traces.ts";
import { routeModels } from "./routes/models.ts";
import { routeOpenAi } from "./routes/openai.ts";
import { routeOperations } from "./routes/operations.ts";
import { routeOtlpTraces } from "./routes/otlp-traces.ts";
import { routeRaw } from "./routes/raw.ts";
import { routeSignIn } from "./routes/sign-in.ts";

/** How often it is looked for clients that take too long. */
const CHECK_MS = 1_000;
/** How long an idle connection is kept: longer than load balancers do, so that they are the ones to close. */
const KEEP_ALIVE_MS = 75_000;
/** How long a connection may be silent beyond the longest call. Past it it is closed. */
const SILENCE_GRACE_MS = 5_000;
/** Where `make console` puts what it builds. */
const CONSOLE = fileURLToPath(new URL("../../console/dist", import.meta.url));
/** The longest part of a path that is a name: an endpoint's has at most 128 characters, percent-encoded or not. */
const NAME_CHARACTERS_MAX = 512;

/** The ingress: HTTP in, gRPC out. Disposing of it: not ready, finish what is in flight, close. */
export interface Ingress extends AsyncDisposable {
  /** `host:port` it is bound to, with the port it got. */
  readonly address: string;
  /** The same as `http://host:port`, or `https://`. */
  readonly url: string;
  /** Reads keys and workspaces again. Never throws. */
  reload(): void;
}

/** What the ingress is given beside its configuration. */
export interface IngressDependencies {
  readonly log: Logger;
  /** Where the configuration is read again. Default: it stays as it is. */
  readonly source?: ConfigSource;
  /** Its link to other workers. Default: it is alone. */
  readonly link?: WorkerLink;
  /** Where the console was built. Default: where `make console` builds it. */
  readonly consoleDirectory?: string;
}

/** Starts the ingress. Fails with one line that says what to do when it cannot serve. */
export async function startIngress(
  config: Config,
  { log, source = fixedConfigSource(config), link = ONLY_PROCESS, consoleDirectory = CONSOLE }: IngressDependencies,
): Promise<Ingress> {
  await checkContextTravels();
  const metrics = createIngressMetrics();
  observeTraceContext((outcome) => metrics.traceContexts.inc({ outcome }));
  await using opened = new AsyncDisposableStack();
  const tls = serverTlsOf("ingress.tls", config.ingress.tls);
  const peerCertificates = peerCertificatesOf("ingress.peerTls", config.ingress.peerTls);
  const ownTraces = await startOwnTraces("ingress", config.telemetry.traces, metrics.registry, log);
  if (ownTraces !== undefined) opened.use(ownTraces);
  const peers = opened.use(openPeers(config, peerCertificates, metrics.registry, log));
  const certificates = opened.use(
    watchCertificates(metrics.registry, [tls?.certificates, peerCertificates], log.module("tls")),
  );
  const authority = new Authority(config);
  const reloading = createReloading({
    source,
    config,
    apply(next) {
      authority.replace(next);
      return {};
    },
    startOnly: ({ ingress, peers, telemetry, log }) => ({ ingress, peers, telemetry, log }),
    registry: metrics.registry,
    log: log.module("config"),
  });
  opened.use(source.watch(reloading.reload));
  const load = opened.use(startServiceLoad("ingress.limits", config.ingress.limits, metrics.registry));
  const draining = new AbortController();
  const closing = new AbortController();
  const bodies = createBodyBudget(config.ingress.limits.bodiesBytesMax, () => metrics.refusedBodies.inc());
  metrics.watchBodies(bodies);
  const parts = {
    config: config.ingress,
    authority,
    isForThisMachine: config.auth === undefined,
    onRefused: observeRefusals(metrics.registry, log.module("auth")),
    peers,
    metrics,
    tls,
    certificates,
    load,
    bodies,
    link,
    ownTraces,
    draining: draining.signal,
    consoleDirectory,
    access: createAccessLog(log.module("access"), config.log.access),
    log: log.module("calls"),
  };
  const app = createApp(parts, closing.signal);
  if (tls !== undefined) followCertificates(app.server, tls);
  const unused = watchUnusedConnections(app.server);
  const address = await listen(app, config.ingress.listen);
  opened.defer(async () => {
    draining.abort();
    await delay(config.ingress.drainDelayMs);
    closing.abort();
    unused.close();
    await drain(app, config.ingress.drainMs);
  });
  const url = `${tls === undefined ? "http" : "https"}://${address}`;
  log.info({ url }, "ready");
  const resources = opened.move();
  return { address, url, reload: reloading.reload, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

function createApp(parts: IngressParts, closing: AbortSignal): FastifyInstance {
  const { log } = parts;
  const { headerBytesMax, headersMax, headMs, requestMs, callMs, readMs } = parts.config.limits;
  const http = {
    maxHeaderSize: headerBytesMax,
    headersTimeout: Math.min(headMs, requestMs),
    connectionsCheckingInterval: Math.min(CHECK_MS, headMs),
  };
  const app: FastifyInstance = fastify({
    logger: false,
    genReqId: ({ headers }) => requestIdOf(headers["x-request-id"], randomUUID),
    ...(parts.tls === undefined ? { http } : { https: { ...http, ...httpsOptionsOf(parts.tls) } }),
    routerOptions: { maxParamLength: NAME_CHARACTERS_MAX, ignoreTrailingSlash: true },
    requestTimeout: requestMs,
    // No answer is longer in coming than this, so behind a connection that was silent for longer nobody reads.
    connectionTimeout: Math.max(callMs, readMs) + SILENCE_GRACE_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: "idle",
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      parts.metrics.requests.inc({ route: "unknown", status: error.statusCode ?? 400 });
      answerFailure(error, request, reply, log);
    },
    clientErrorHandler: (error, socket) => refuseOnSocket(error, socket, parts.metrics),
  });
  limitConnections(app.server, parts.load);
  // Routes read their bodies themselves, as bytes and within their own limits: to Fastify no method has one.
  for (const method of app.supportedMethods) app.addHttpMethod(method, { hasBody: false, overrideExisting: true });
  watchResponses(app);
  if (parts.ownTraces !== undefined) traceRequests(app, parts.ownTraces);
  observeRequests(app, parts);
  answerFailures(app, log);
  sayGoodbye(app, parts.draining, closing);
  shedLoad(app, parts.load.admission, headersMax);
  admitCallers(app, parts);
  const refuseRest = refuseOtherMethods(app);
  routeConsole(app, parts);
  routeOperations(app, parts);
  routeSignIn(app, parts);
  routeOpenAi(app, parts);
  routeAnthropic(app, parts);
  routeGemini(app, parts);
  routeMlflowGateway(app, parts);
  routeMlflowServer(app);
  routeRaw(app, parts);
  routeModels(app, parts);
  routeOtlpTraces(app, parts);
  routeConnect(app, parts);
  for (const prefix of ["/api", "/ajax-api"]) {
    routeMlflowTraces(app, parts, prefix);
    routeMlflowTraceEdits(app, parts, prefix);
    routeMlflowExperiments(app, parts, prefix);
  }
  refuseRest();
  return app;
}

async function listen(app: FastifyInstance, address: string): Promise<string> {
  const split = address.lastIndexOf(":");
  const host = address.slice(0, split);
  try {
    await app.listen({ host: host.replace(/^\[|\]$/g, ""), port: Number(address.slice(split + 1)) });
  } catch (error) {
    throw error instanceof Error ? listenErrorOf(error, address) : error;
  }
  const bound = app.server.address();
  return `${host}:${typeof bound === "object" && bound !== null ? bound.port : 0}`;
}

/** Waits for what is in flight, at most `drainMs`; then connections are cut, and their calls with them. */
async function drain(app: FastifyInstance, drainMs: number): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), drainMs);
  try {
    await app.close();
  } finally {
    clearTimeout(cut);
  }
}
