import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type Attributes, ROOT_CONTEXT, type Span, type SpanContext, SpanKind, trace } from "@opentelemetry/api";
import type { Registry } from "prom-client";
import type { OwnTracesSettings } from "#lib/config/sections/telemetry.ts";
import type { Logger } from "#lib/logger.ts";
import { carryOwnTraces } from "#lib/trace-context/register.ts";
import { VERSION } from "#lib/version.ts";
import { BoundedExport } from "./bounded-export.ts";

/** What a span is begun with. No field may hold payload: names come out of the configuration, or from closed lists. */
export interface OwnSpanStart {
  readonly name: string;
  readonly kind: "server" | "client" | "internal";
  /** The own span that it hangs under. Undefined: it begins a trace. */
  readonly parent: SpanContext | undefined;
  /** The caller's span, which it links to and never hangs under. Undefined: there is none. */
  readonly caller?: { readonly traceId: string; readonly spanId: string } | undefined;
  /** In nanoseconds since the Unix epoch. Undefined: now. */
  readonly startNanos?: bigint | undefined;
  readonly attributes?: Attributes;
}

/**
 * The traces that a service writes of itself, for whoever runs it. Disposing of them sends what waits, for two seconds
 * at the most.
 */
export interface OwnTraces extends AsyncDisposable {
  begin(start: OwnSpanStart): Span;
}

/** How long sending what waits may hold up an end. */
const FLUSH_MS = 2_000;
const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL } as const;

/**
 * Starts them, or nothing where they are off: then their packages are not even loaded. They have a tracer provider of
 * their own, which is registered nowhere: what is not handed these never makes a span.
 */
export async function startOwnTraces(
  service: string,
  settings: OwnTracesSettings | undefined,
  registry: Registry,
  log: Logger,
): Promise<OwnTraces | undefined> {
  if (settings === undefined) return undefined;
  const { BatchSpanProcessor, TraceIdRatioBasedSampler, TracerProvider } = await import("@opentelemetry/sdk-trace");
  const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-proto");
  const { resourceFromAttributes } = await import("@opentelemetry/resources");
  const { endpoint: url, headers, sampleRatio, queueMax, everyMs, timeoutMs } = settings;
  const bounded = new BoundedExport(queueMax, registry, log);
  const exporter = bounded.counted(new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: timeoutMs }));
  const batches = new BatchSpanProcessor({
    exporter,
    maxQueueSize: queueMax,
    scheduledDelayMillis: everyMs,
    exportTimeoutMillis: timeoutMs,
  });
  const provider = new TracerProvider({
    // By the trace's id, and not by what a parent says: callers may write parents.
    sampler: new TraceIdRatioBasedSampler(sampleRatio),
    resource: resourceFromAttributes({
      "service.name": `twinspan-${service}`,
      "service.version": VERSION,
      "service.instance.id": randomUUID(),
    }),
    spanProcessors: [bounded.within(batches)],
  });
  const tracer = provider.getTracer("twinspan");
  const carried = carryOwnTraces();
  return {
    begin({ name, kind, parent, caller, startNanos, attributes = {} }) {
      const links = caller === undefined ? [] : [{ context: { ...caller, traceFlags: 0, isRemote: true } }];
      const startTime = startNanos === undefined ? {} : { startTime: timeOf(startNanos) };
      const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
      return tracer.startSpan(name, { kind: KINDS[kind], links, attributes, ...startTime }, context);
    },
    async [Symbol.asyncDispose]() {
      carried[Symbol.dispose]();
      // What its receiver does not take any more is lost, and no reason not to stop.
      const ended = provider.shutdown().catch(() => {});
      await Promise.race([ended, delay(FLUSH_MS, undefined, { ref: false })]);
    },
  };
}

/** Nanoseconds since the Unix epoch, as OpenTelemetry has times: seconds, and nanoseconds. */
export function timeOf(nanos: bigint): [number, number] {
  return [Number(nanos / 1_000_000_000n), Number(nanos % 1_000_000_000n)];
}
