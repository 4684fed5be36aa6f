import { setTimeout as pause } from "node:timers/promises";
import { Metadata } from "@grpc/grpc-js";
import { meaningOf, ServiceError } from "#lib/service-error.ts";
import {
  type ExportTraceServiceResponse,
  TraceServiceClient,
} from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import type { ResourceSpans } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import type { Connection } from "../connection.ts";
import { ask } from "../rpc/connect.ts";

/** Sends spans to a trace-writer by OTLP. */
export interface SpanSender extends Disposable {
  /**
   * Resolves when they are stored, with what was not taken. While the trace-writer says that it has too much to do, it
   * is asked again. `experimentId` undefined: where their resources say, else `Default`.
   */
  send(resourceSpans: readonly ResourceSpans[], experimentId: string | undefined): Promise<Rejected>;
}

/** How many spans were not taken, and why. */
export interface Rejected {
  readonly spans: number;
  readonly reason: string;
}

const WHO = "the trace-writer";
const TRIES_MAX = 10;
const RETRY_MS = 1000;

/** Opens a channel to a trace-writer; nothing is sent yet. */
export function startSpanSender(
  { target, credentials, options: channel }: Connection,
  signal: AbortSignal,
): SpanSender {
  const otlp = new TraceServiceClient(target, credentials, channel);

  async function send(resourceSpans: readonly ResourceSpans[], experimentId: string | undefined, triesLeft: number) {
    const metadata = new Metadata();
    if (experimentId !== undefined) metadata.set("x-mlflow-experiment-id", experimentId);
    try {
      return await ask<ExportTraceServiceResponse>(WHO, target, (options, done) =>
        otlp.export({ resourceSpans: [...resourceSpans] }, metadata, options, done),
      );
    } catch (error) {
      if (!(error instanceof ServiceError && meaningOf(error.kind).retry) || triesLeft === 0) throw error;
      await pause(error.retryAfterMs ?? RETRY_MS, undefined, { signal });
      return send(resourceSpans, experimentId, triesLeft - 1);
    }
  }

  return {
    async send(resourceSpans, experimentId) {
      const { partialSuccess } = await send(resourceSpans, experimentId, TRIES_MAX);
      return { spans: Number(partialSuccess?.rejectedSpans ?? 0n), reason: partialSuccess?.errorMessage ?? "" };
    },
    [Symbol.dispose]: () => otlp.close(),
  };
}
