import { z } from "zod";
import { bytes, count, KiB, listen, load, MiB, ms, target, workers } from "./scalars.ts";
import { peerTls, serverTls } from "./tls.ts";

const GATEWAY = "dns:///127.0.0.1:7001";
const TRANSPORT = "exchange";

/** `ingress.gateway`: a target alone is short for settings with that target. */
const gateway = z
  .union([
    target,
    z.strictObject({
      target: target
        .default(GATEWAY)
        .describe("The gateway's gRPC target; several addresses, or a name that has several, are all used."),
      transport: z
        .enum(["exchange", "per-call"])
        .default(TRANSPORT)
        .describe(
          "How calls of models go to the gateway: `exchange`, all as frames of a stream to each worker of each copy; `per-call`, each as a gRPC call, which takes about twice the processor time of both services.",
        ),
    }),
  ])
  .default(GATEWAY)
  .transform((value) => (typeof value === "string" ? { target: value, transport: TRANSPORT } : value))
  .describe("The gateway's gRPC target, or settings.");

/** `ingress`: HTTP in, gRPC out. */
export const ingress = z
  .strictObject({
    listen: listen.default("127.0.0.1:8080").describe("Where HTTP clients come in."),
    workers,
    tls: serverTls.optional(),
    gateway,
    traceWriter: target.default("dns:///127.0.0.1:7002").describe("The trace-writer's gRPC target."),
    peerTls: peerTls.optional(),
    console: z
      .enum(["on", "off"])
      .default("on")
      .describe("Whether the console is served at `/`. `off`: browsers get the list of paths there, as programs do."),
    drainDelayMs: z
      .int()
      .min(0)
      .max(600_000)
      .default(0)
      .describe(
        "How long requests are still taken after SIGTERM, though /readyz says no: what a load balancer needs to notice. Their answers close their connections.",
      ),
    drainMs: ms(30_000, "How long requests in flight may go on after SIGTERM; then they are cut."),
    limits: z
      .strictObject({
        ...load,
        requestBytesMax: bytes(32 * MiB, "The largest request body for a model. A larger one is 413."),
        otlpBytesMax: bytes(64 * MiB, "The largest OTLP body, after decompression. A larger one is 413."),
        bodiesBytesMax: bytes(
          512 * MiB,
          "All request bodies at once, decompressed. Beyond it requests get 503 and come again.",
        ),
        headerBytesMax: bytes(32 * KiB, "All headers of a request together. More is 431."),
        headersMax: count(200, 2_000, "How many headers a request has. More is 431."),
        headMs: ms(20_000, "How long a client may take to send a request's head. Past it the answer is 408."),
        requestMs: ms(300_000, "How long it may take for head and body. Past it the answer is 408."),
        stallMs: ms(
          120_000,
          "How long a client may take nothing of its answer. Past it the call is cut, and counts as cancelled.",
        ),
        callMs: ms(600_000, "The deadline of a call whose caller sets none. Past it the call is cut with 504."),
        readMs: ms(15_000, "The deadline of a read from the trace-writer. Past it the answer is 504."),
      })
      .prefault({}),
  })
  .prefault({});
