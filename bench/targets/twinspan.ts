import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { apiKeyOf, keyHashOf } from "#lib/auth/api-key.ts";
import { freePorts } from "../../tools/free-ports.ts";
import { sumOfMetric } from "../../tools/metrics-text.ts";
import { ANSWER_KINDS } from "../chains/canned-answers.ts";
import type { Mode } from "../modes.ts";
import { answersAt, type MeasuredProcess, startProcess } from "../processes.ts";
import { countStored } from "./count-stored.ts";
import type { Asked } from "./target.ts";

/** What twinspan is started with. */
export interface TwinspanOptions {
  /** The tree whose services run. */
  readonly root: string;
  /** Where its files go: an empty directory of its own, made here. */
  readonly directory: string;
  readonly providerPort: number;
  readonly transport: "per-call" | "exchange";
  /** `traceWriter.store` of the configuration. */
  readonly store: object;
}

/** The three services with keys, and endpoints with tracing on and off. Disposing of them ends them. */
export interface Twinspan extends AsyncDisposable {
  readonly port: number;
  readonly processes: readonly MeasuredProcess[];
  ask(mode: Mode, tracing: Tracing): Asked;
  /** Waits until no call is under way and every record has reached the trace-writer, at most 20 s: what is wrong after that. */
  settle(): Promise<string | undefined>;
  /** How many calls the store has full traces of. */
  stored(): Promise<number>;
  /** What the gateway's outbox has given up: payloads or records. */
  shed(): Promise<number>;
}

export type Tracing = "on" | "off";

const EXPERIMENT = "bench";
const SETTLE_MS = 20_000;
const SETTLE_POLL_MS = 50;
/** The gateway's figures are of a moment ago: so often in a row nothing must be left. */
const QUIET_POLLS = 2;

/** Starts them, and returns when all are ready. */
export async function startTwinspan(options: TwinspanOptions): Promise<Twinspan> {
  await using started = new AsyncDisposableStack();
  const { root, directory } = options;
  mkdirSync(directory, { recursive: true });
  const ports = await portsOf();
  const keys = { caller: newKey(), reader: newKey(), gateway: newKey() };
  const configFile = join(directory, "twinspan.yaml");
  // JSON is YAML.
  writeFileSync(configFile, JSON.stringify(configOf(options, ports, keys)));
  const start = async (name: string, opsPort: number) =>
    started.use(
      await startProcess({
        name,
        args: [join(root, "services", name, "main.ts")],
        directory: root,
        environment: { TWINSPAN_CONFIG: configFile },
        logFile: join(directory, `${name}.log`),
        isReady: () => answersAt(`http://127.0.0.1:${opsPort}/readyz`),
      }),
    );
  const starting = [
    start("ingress", ports.ingress),
    start("gateway", ports.gatewayOps),
    start("trace-writer", ports.traceWriterOps),
  ];
  // Where one does not start, the others are ended when they have.
  await Promise.allSettled(starting);
  const processes = await Promise.all(starting);
  const metrics = async () => (await fetch(`http://127.0.0.1:${ports.gatewayOps}/metrics`)).text();
  const owned = started.move();
  return {
    port: ports.ingress,
    processes,
    ask: ({ answer }, tracing) => ({
      path: "/v1/chat/completions",
      model: `${answer}-${tracing}`,
      headers: { authorization: `Bearer ${keys.caller}` },
      withContext: true,
    }),
    async settle() {
      const limit = Date.now() + SETTLE_MS;
      for (let quiet = 0; quiet < QUIET_POLLS; ) {
        if (Date.now() > limit) return `outbox not empty within ${SETTLE_MS / 1000} s`;
        const text = await metrics().catch(() => undefined);
        if (text === undefined) return "the gateway is gone";
        const isQuiet = ["twinspan_outbox_records", "twinspan_calls_in_flight"].every(
          (name) => sumOfMetric(text, name) === 0,
        );
        quiet = isQuiet ? quiet + 1 : 0;
        await delay(SETTLE_POLL_MS);
      }
      return undefined;
    },
    stored: () => countStored(`127.0.0.1:${ports.traceWriter}`, keys.reader, EXPERIMENT),
    shed: async () => sumOfMetric(await metrics(), "twinspan_outbox_shed_total"),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

type Ports = Readonly<Record<"ingress" | "gateway" | "gatewayOps" | "traceWriter" | "traceWriterOps", number>>;
type Keys = Readonly<Record<"caller" | "reader" | "gateway", string>>;

async function portsOf(): Promise<Ports> {
  const [ingress = 0, gateway = 0, gatewayOps = 0, traceWriter = 0, traceWriterOps = 0] = await freePorts(5);
  return { ingress, gateway, gatewayOps, traceWriter, traceWriterOps };
}

/** A provider for each way of answering, and for each an endpoint with tracing on and one with it off. */
function configOf({ directory, providerPort, transport, store }: TwinspanOptions, ports: Ports, keys: Keys): object {
  const at = (port: number) => `127.0.0.1:${port}`;
  const hash = keyHashOf;
  const provider = (kind: string) => ({
    baseUrl: `http://${at(providerPort)}/${kind}/v1`,
    allowAddresses: ["127.0.0.1"],
  });
  const endpoint = (kind: string, tracing: Tracing) => ({
    name: `${kind}-${tracing}`,
    tracing,
    experiment: EXPERIMENT,
    models: [{ provider: kind, model: "bench-1", price: { inputPerMillion: 1, outputPerMillion: 2 } }],
  });
  return {
    log: { level: "warn" },
    auth: {
      keys: [
        { name: "caller", roles: ["invoke"], hash: hash(keys.caller) },
        { name: "reader", roles: ["read-traces"], hash: hash(keys.reader) },
        { name: "gateway", roles: ["record"], hash: hash(keys.gateway) },
      ],
    },
    ingress: {
      listen: at(ports.ingress),
      gateway: { target: at(ports.gateway), transport },
      traceWriter: at(ports.traceWriter),
    },
    gateway: {
      listen: at(ports.gateway),
      ops: at(ports.gatewayOps),
      traceWriter: at(ports.traceWriter),
      traceWriterKey: keys.gateway,
      outbox: { path: join(directory, "outbox.db") },
    },
    traceWriter: { listen: at(ports.traceWriter), ops: at(ports.traceWriterOps), store },
    providers: Object.fromEntries(ANSWER_KINDS.map((kind) => [kind, provider(kind)])),
    endpoints: ANSWER_KINDS.flatMap((kind) => [endpoint(kind, "on"), endpoint(kind, "off")]),
  };
}

function newKey(): string {
  return apiKeyOf(randomBytes(32));
}
