import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { gunzipSync } from "node:zlib";
import { Metadata, type ServiceError as RpcError } from "@grpc/grpc-js";
import { startRpcServer } from "#lib/rpc/server.ts";
import { rpcFailureOf } from "#lib/rpc/status-details.ts";
import type { ServiceError } from "#lib/service-error.ts";
import {
  ExportTraceServiceRequest,
  ExportTraceServiceResponse,
  TraceServiceService,
} from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { openDoor } from "../system/open-door.ts";

/** An export as it came. */
export interface ReceivedExport {
  readonly request: ExportTraceServiceRequest;
  readonly headers: Readonly<Record<string, string>>;
  /** When it came, by `performance.now()`. */
  readonly atMs: number;
}

/** How a receiver answers an export. Undefined: it takes all. */
export type ReceiverAnswer =
  | undefined
  /** It takes all but so many. */
  | { readonly rejectedSpans: number }
  /** HTTP alone: a status, with headers. */
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** gRPC alone: an error of ours, with its details, or a bare code. */
  | { readonly error: ServiceError | { readonly code: number } }
  /** It never answers. */
  | "never";

/** A real OTLP receiver of somebody else, on loopback. */
export interface OtlpReceiver extends AsyncDisposable {
  /** As a destination's URL. */
  readonly url: string;
  /** Every export that came, taken or not. */
  readonly exports: readonly ReceivedExport[];
  /** The spans that it has taken, in the order they came. */
  readonly taken: readonly Span[];
  /** How it answers, export by export. Default: it takes all. */
  answer: (received: ReceivedExport) => ReceiverAnswer;
}

const BYTES_MAX = 64 * 1024 * 1024;

/** Starts one that speaks OTLP/HTTP, in protobuf. `port` 0 takes a free one. */
export async function startHttpReceiver(port = 0): Promise<OtlpReceiver> {
  const receiving = new Receiving();
  const server = createServer((request, response) => void answerHttp(receiving, request, response));
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const bound = server.address();
  return receiving.at(
    `http://127.0.0.1:${typeof bound === "object" && bound !== null ? bound.port : port}/v1/traces`,
    async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  );
}

/** Starts one that speaks OTLP/gRPC. */
export async function startGrpcReceiver(): Promise<OtlpReceiver> {
  const receiving = new Receiving();
  const server = await startRpcServer({
    door: openDoor(),
    listen: "127.0.0.1:0",
    services: [
      {
        name: "opentelemetry.proto.collector.trace.v1.TraceService",
        definition: TraceServiceService,
        implementation: {
          export: (
            call: { readonly request: ExportTraceServiceRequest; readonly metadata: Metadata },
            done: (error: Partial<RpcError> | null, response?: ExportTraceServiceResponse) => void,
          ) => {
            const answer = receiving.receive(call.request, textsOf(call.metadata.getMap()));
            if (answer === "never") return;
            if (answer === undefined || "rejectedSpans" in answer) done(null, responseOf(answer));
            else if ("error" in answer) {
              const { error } = answer;
              done("code" in error ? { code: error.code, metadata: new Metadata() } : rpcFailureOf(error));
            }
          },
        },
      },
    ],
    messageBytesMax: BYTES_MAX,
    drainMs: 50,
  });
  return receiving.at(`http://${server.address}`, async () => {
    await server[Symbol.asyncDispose]();
  });
}

class Receiving {
  readonly exports: ReceivedExport[] = [];
  readonly taken: Span[] = [];
  #receiver: OtlpReceiver | undefined;

  at(url: string, dispose: () => Promise<void>): OtlpReceiver {
    this.#receiver = {
      url,
      exports: this.exports,
      taken: this.taken,
      answer: () => undefined,
      [Symbol.asyncDispose]: dispose,
    };
    return this.#receiver;
  }

  receive(request: ExportTraceServiceRequest, headers: Readonly<Record<string, string>>): ReceiverAnswer {
    const received = { request, headers, atMs: performance.now() };
    this.exports.push(received);
    const answer = this.#receiver?.answer(received);
    if (answer === undefined) this.taken.push(...spansOfExport(request));
    return answer;
  }
}

async function answerHttp(receiving: Receiving, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  const body = Buffer.concat(pieces);
  const bytes = request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
  const answer = receiving.receive(ExportTraceServiceRequest.decode(bytes), textsOf(request.headers));
  if (answer === "never") return;
  if (answer !== undefined && "status" in answer) {
    response.writeHead(answer.status, { ...answer.headers }).end("the receiver's own words");
    return;
  }
  const encoded = ExportTraceServiceResponse.encode(
    responseOf(answer !== undefined && "rejectedSpans" in answer ? answer : undefined),
  ).finish();
  response.writeHead(200, { "content-type": "application/x-protobuf" }).end(encoded);
}

/** The spans of an export, in order. */
function spansOfExport({ resourceSpans }: ExportTraceServiceRequest): readonly Span[] {
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

function responseOf(answer: { readonly rejectedSpans: number } | undefined): ExportTraceServiceResponse {
  if (answer === undefined) return { partialSuccess: undefined };
  const errorMessage = "the receiver's own words";
  return { partialSuccess: { rejectedSpans: BigInt(answer.rejectedSpans), errorMessage } };
}

function textsOf(headers: IncomingHttpHeaders | Readonly<Record<string, string | Buffer>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
