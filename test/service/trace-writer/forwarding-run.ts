import { Writable } from "node:stream";
import { z } from "zod";
import { createLogger } from "#lib/logger.ts";
import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import type { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import { sumOfMetric } from "../../../tools/metrics-text.ts";
import { until } from "../../../tools/until.ts";
import { type OtlpReceiver, startGrpcReceiver } from "../../neighbours/otlp-receiver.ts";
import { call, newDirectory, type Running, startRunning } from "./running.ts";
import { idsOf, record, spanId, traceId } from "./sample-traces.ts";

const READINESS = z.object({ degraded: z.array(z.string()) });
/** Retries that cost a test no time. */
export const QUICK = { retryMinMs: 5, retryMaxMs: 20, timeoutMs: 2000 };

/** A trace-writer that forwards, and who it forwards to. */
export interface Forwarded {
  readonly receiver: OtlpReceiver;
  readonly writer: Running;
  /** What the trace-writer has logged. */
  readonly log: () => string;
  metric(line: string): Promise<number>;
  degraded(): Promise<readonly string[]>;
}

/** A trace-writer that forwards to one receiver, named `there`, and what may be asked of the two. */
export async function forwarding(
  stack: AsyncDisposableStack,
  start: () => Promise<OtlpReceiver>,
  settings: object = {},
  more: object = { mirrors: { forwardTo: ["there"] } },
): Promise<Forwarded> {
  const receiver = stack.use(await start());
  const protocol = start === startGrpcReceiver ? "grpc" : "http/protobuf";
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const destinations = { there: { url: receiver.url, protocol, ...QUICK, ...settings } };
  const log = createLogger("trace-writer", "debug", sink);
  const writer = stack.use(await startRunning(newDirectory(), "{}", { destinations, ...more }, log));
  return {
    receiver,
    writer,
    log: () => lines.join(""),
    metric: async (line) => sumOfMetric(await (await fetch(`http://${writer.opsAddress}/metrics`)).text(), line),
    degraded: async () => READINESS.parse(await (await fetch(`http://${writer.opsAddress}/readyz`)).json()).degraded,
  };
}

/** Writes records to a trace-writer. */
export const write = ({ writer }: Running, ...records: InvocationRecord[]) =>
  call((done) => writer.writeInvocations({ records }, done));
/** A record with a mirror in the trace of that number. */
export const mirrored = (n: number) => record({ n, caller: { trace: traceId(n), span: spanId(1) } });
/** The ids of spans. */
export const idsIn = (spans: readonly Span[]) => spans.map(({ spanId: id }) => id.toString("hex"));
/** The ids of the spans of that mirror. */
export const mirrorIds = (n: number) => [idsOf(n).mirror, idsOf(n).mirrorAttempt(0)];
/** What a receiver has, once there are so many. */
export const spansThere = (receiver: OtlpReceiver, count: number) =>
  until(`${count} spans are there`, () => receiver.taken.length >= count && receiver.taken);
