import { configSchema } from "#lib/config/schema.ts";
import { createLogger, type Logger } from "#lib/logger.ts";
import { type Ingress, startIngress } from "../../../services/ingress/server.ts";
import { TRANSPORT } from "../../system/transport-under-test.ts";
import { type ScriptedGateway, startScriptedGateway } from "./scripted-gateway.ts";
import { type ScriptedTraceWriter, startScriptedTraceWriter } from "./scripted-trace-writer.ts";

/** An ingress in front of two scripted services, all of them real servers on loopback. */
export interface IngressRun extends AsyncDisposable {
  readonly ingress: Ingress;
  readonly gateway: ScriptedGateway;
  readonly traceWriter: ScriptedTraceWriter;
  /** Posts an empty JSON object to a path, but for what `init` says otherwise. */
  post(path: string, init?: RequestInit): Promise<Response>;
  /** The value of a metric, by its line's beginning: name and labels. 0: there is none. */
  metric(line: string): Promise<number>;
}

/** What a request with JSON in its body says of it. */
export const JSON_TYPE = { "content-type": "application/json" };

/** Limits that are small enough for tests to reach. */
export interface RunLimits {
  readonly requestBytesMax?: number;
  readonly otlpBytesMax?: number;
  readonly bodiesBytesMax?: number;
  readonly headerBytesMax?: number;
  readonly callMs?: number;
  readonly callsMax?: number;
  readonly connectionsMax?: number;
  readonly headersMax?: number;
  readonly headMs?: number;
  readonly requestMs?: number;
  readonly stallMs?: number;
}

/** Starts all three. `drainMs` and `log` are the ingress's. */
export async function startIngressRun(
  limits: RunLimits = {},
  drainMs = 10_000,
  log: Logger = createLogger("ingress", "silent"),
): Promise<IngressRun> {
  await using opened = new AsyncDisposableStack();
  const gateway = opened.use(
    await startScriptedGateway({
      endpoints: [
        {
          id: "ep-0000000000000001",
          name: "demo",
          experiment: "gateway/demo",
          models: [],
          unavailableReason: "",
          createTimeSeconds: 1_700_000_000n,
          details: undefined,
        },
      ],
    }),
  );
  const traceWriter = opened.use(await startScriptedTraceWriter());
  const config = configSchema.parse({
    ingress: {
      listen: "127.0.0.1:0",
      drainMs,
      gateway: { target: gateway.address, transport: TRANSPORT },
      traceWriter: traceWriter.address,
      limits,
    },
  });
  const ingress = opened.use(await startIngress(config, { log }));
  const resources = opened.move();
  return {
    ingress,
    gateway,
    traceWriter,
    post: (path, init) => fetch(`${ingress.url}${path}`, { method: "POST", headers: JSON_TYPE, body: "{}", ...init }),
    async metric(line) {
      const text = await (await fetch(`${ingress.url}/metrics`)).text();
      const found = text.split("\n").find((candidate) => candidate.startsWith(`${line} `));
      return Number(found?.slice(line.length + 1) ?? 0);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
