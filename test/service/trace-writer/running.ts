import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, Metadata, type ServiceError as RpcError } from "@grpc/grpc-js";
import { parseConfig } from "#lib/config/load.ts";
import { createLogger, type Logger } from "#lib/logger.ts";
import { channelCredentials, channelOptions } from "#lib/rpc/client.ts";
import { serviceErrorOfRpc } from "#lib/rpc/status-details.ts";
import { TraceServiceClient } from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import { ExperimentServiceClient } from "#proto/twinspan/trace/v1/experiment_service.ts";
import { TraceReaderServiceClient } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { TraceWriterServiceClient } from "#proto/twinspan/trace/v1/trace_writer_service.ts";
import { startTraceWriter } from "../../../services/trace-writer/server.ts";

/** Clients of a trace-writer. */
export interface Clients extends Disposable {
  readonly writer: TraceWriterServiceClient;
  readonly reader: TraceReaderServiceClient;
  readonly experiments: ExperimentServiceClient;
  readonly otlp: TraceServiceClient;
}

/** Connects to a trace-writer. */
export function connect(address: string): Clients {
  const options = channelOptions(64 * 1024 * 1024);
  const writer = new TraceWriterServiceClient(address, channelCredentials(), options);
  const reader = new TraceReaderServiceClient(address, channelCredentials(), options);
  const experiments = new ExperimentServiceClient(address, channelCredentials(), options);
  const otlp = new TraceServiceClient(address, channelCredentials(), options);
  const clients: readonly Client[] = [writer, reader, experiments, otlp];
  return {
    writer,
    reader,
    experiments,
    otlp,
    [Symbol.dispose]: () => {
      for (const client of clients) client.close();
    },
  };
}

/** A trace-writer of its own for a test, with clients. */
export interface Running extends Clients, AsyncDisposable {
  readonly address: string;
  readonly opsAddress: string;
}

/** A new directory for a store, and the configuration of a trace-writer that keeps it there. */
export function configOf(directory: string, limits = "{}", more: object = {}): string {
  return `
log: { level: silent }
traceWriter:
  listen: 127.0.0.1:0
  ops: 127.0.0.1:0
  drainMs: 5000
  store: { sqlite: { path: ${join(directory, "traces.db")}, cacheBytes: 8388608 } }
  limits: ${limits}
${settingsOf(more)}`;
}

/** Settings below `traceWriter`. JSON is YAML. */
function settingsOf(more: object): string {
  return Object.entries(more)
    .map(([name, value]) => `  ${name}: ${JSON.stringify(value)}\n`)
    .join("");
}

export function newDirectory(): string {
  return mkdtempSync(join(tmpdir(), "twinspan-trace-writer-"));
}

/** Starts the real thing on loopback. */
export async function startRunning(
  directory = newDirectory(),
  limits = "{}",
  more: object = {},
  log: Logger = createLogger("trace-writer", "silent"),
): Promise<Running> {
  const config = parseConfig(configOf(directory, limits, more), "twinspan.yaml", {});
  const service = await startTraceWriter(config, { log });
  const clients = connect(service.address);
  return {
    ...clients,
    address: service.address,
    opsAddress: service.opsAddress,
    async [Symbol.asyncDispose]() {
      clients[Symbol.dispose]();
      await service[Symbol.asyncDispose]();
    },
  };
}

type Callback<Response> = (error: RpcError | null, response: Response) => void;

/** A call as a promise; a failure is the ServiceError that the other side named. */
export function call<Response>(begin: (callback: Callback<Response>) => unknown): Promise<Response> {
  return new Promise((resolve, reject) => {
    begin((error, response) =>
      error === null ? resolve(response) : reject(serviceErrorOfRpc(error, "the trace-writer")),
    );
  });
}

/** Metadata from a plain object. */
export function metadataOf(values: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(values)) metadata.set(key, value);
  return metadata;
}
