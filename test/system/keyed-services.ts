import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, Metadata, type ServiceError as RpcError, status } from "@grpc/grpc-js";
import type { z } from "zod";
import { apiKeyOf, keyHashOf } from "#lib/auth/api-key.ts";
import type { Role } from "#lib/auth/role.ts";
import type { ConfigSource } from "#lib/config/config-source.ts";
import { type Config, configSchema } from "#lib/config/schema.ts";
import { createLogger } from "#lib/logger.ts";
import { channelCredentials, channelOptions } from "#lib/rpc/client.ts";
import { type ScriptedProvider, startScriptedProvider } from "../../examples/scripted-provider/scripted-provider.ts";
import { type RunningGateway, startGateway } from "../../services/gateway/server.ts";
import { type Ingress, startIngress } from "../../services/ingress/server.ts";
import { startTraceWriter, type TraceWriter } from "../../services/trace-writer/server.ts";
import { sumOfMetric } from "../../tools/metrics-text.ts";
import { until } from "../../tools/until.ts";
import { TRANSPORT } from "./transport-under-test.ts";

type ConfigInput = z.input<typeof configSchema>;
type AuthInput = Exclude<NonNullable<ConfigInput["auth"]>, "none">;
type KeyInput = NonNullable<AuthInput["keys"]>[number];

let made = 0;

/** A key, and its line in the configuration. No two are the same. */
export function keyFor(
  name: string,
  roles: readonly Role[],
  more: Partial<KeyInput> = {},
): { readonly key: string; readonly line: KeyInput } {
  made += 1;
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(28, made);
  const key = apiKeyOf(bytes);
  return { key, line: { name, roles: [...roles], hash: keyHashOf(key), ...more } };
}

/** What the services are started with beside their addresses. */
export interface KeyedSettings extends Pick<ConfigInput, "workspaces" | "endpoints"> {
  readonly auth: AuthInput;
  readonly traceWriter?: ConfigInput["traceWriter"];
}

/** The three services in this process, with keys, in front of a scripted provider. */
export interface KeyedServices extends AsyncDisposable {
  readonly provider: ScriptedProvider;
  readonly ingress: Ingress;
  readonly gateway: RunningGateway;
  readonly traceWriter: TraceWriter;
  /** All that they have logged. */
  readonly logged: readonly string[];
  /** Gives all of them other keys, as an operator does who edits the file. */
  rekey(auth: AuthInput): void;
}

/** Starts them. The gateway has a key of its own for the trace-writer. */
export async function startKeyedServices({
  auth: wanted,
  traceWriter,
  ...settings
}: KeyedSettings): Promise<KeyedServices> {
  await using started = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "twinspan-keyed-"));
  started.defer(() => rm(directory, { recursive: true }));
  const provider = started.use(await startScriptedProvider({ listen: "127.0.0.1:0" }));
  const record = keyFor("the gateway", ["record"], { name: "gateway" });
  let auth = { ...wanted, keys: [record.line, ...(wanted.keys ?? [])] };
  const places = { gateway: "127.0.0.1:1", traceWriter: "127.0.0.1:1" };
  const configOf = (): Config =>
    configSchema.parse({
      ...settings,
      auth,
      providers: { scripted: { baseUrl: provider.url, allowAddresses: ["127.0.0.1"], breaker: { enabled: false } } },
      ingress: {
        listen: "127.0.0.1:0",
        gateway: { target: places.gateway, transport: TRANSPORT },
        traceWriter: places.traceWriter,
      },
      gateway: {
        listen: "127.0.0.1:0",
        ops: "127.0.0.1:0",
        traceWriter: places.traceWriter,
        traceWriterKey: record.key,
        outbox: { path: join(directory, "outbox.db"), lingerMs: 1 },
      },
      traceWriter: {
        listen: "127.0.0.1:0",
        ops: "127.0.0.1:0",
        store: { sqlite: { path: join(directory, "traces.db") } },
        ...traceWriter,
      },
    });
  const logged: string[] = [];
  const log = createLogger("test", "debug", { write: (line) => void logged.push(line) });
  const source: ConfigSource = { read: configOf, watch: () => ({ [Symbol.dispose]() {} }) };
  const writer = started.use(await startTraceWriter(configOf(), { log, source }));
  places.traceWriter = writer.address;
  const gateway = started.use(await startGateway(configOf(), { log, source }));
  places.gateway = gateway.address;
  const ingress = started.use(await startIngress(configOf(), { log, source }));
  const owned = started.move();
  return {
    provider,
    ingress,
    gateway,
    traceWriter: writer,
    logged,
    rekey(next) {
      auth = { ...next, keys: [record.line, ...(next.keys ?? [])] };
      for (const service of [writer, gateway, ingress]) service.reload();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What an RPC came to: its status by name, and the first message of its answer. */
export interface RpcOutcome {
  readonly status: string;
  readonly details: string;
  readonly answer: Buffer;
}

/** Makes an RPC of any kind, whose only request is these bytes. All kinds look alike on the wire. */
export async function callRaw(
  address: string,
  path: string,
  request: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<RpcOutcome> {
  const client = new Client(address, channelCredentials(), channelOptions(64 * 1024 * 1024));
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const asTheyAre = (bytes: Buffer) => bytes;
  const options = { deadline: Date.now() + 20_000 };
  const call = client.makeBidiStreamRequest(path, asTheyAre, asTheyAre, metadata, options);
  try {
    return await new Promise<RpcOutcome>((resolve) => {
      call.on("data", (answer: Buffer) => resolve({ status: "OK", details: "", answer }));
      call.on("error", (error: RpcError) =>
        resolve({ status: status[error.code] ?? "", details: error.details, answer: Buffer.alloc(0) }),
      );
      call.write(Buffer.from(request));
      call.end();
    });
  } finally {
    call.cancel();
    client.close();
  }
}

/** Waits until every call that has ended is stored. */
export async function untilRecorded({ gateway }: KeyedServices): Promise<void> {
  await until("every record is shipped", async () => {
    const text = await (await fetch(`http://${gateway.opsAddress}/metrics`)).text();
    const traced = sumOfMetric(text, "twinspan_mirrors_total");
    const isIdle = sumOfMetric(text, "twinspan_calls_in_flight") === 0;
    return isIdle && sumOfMetric(text, "twinspan_outbox_shipped_total") >= traced;
  });
}
