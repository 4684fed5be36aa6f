import { z } from "zod";
import { outbox } from "./outbox.ts";
import { bytes, listen, load, MiB, ms, target, workers } from "./scalars.ts";
import { peerTls, serverTls } from "./tls.ts";

/** `gateway`: calls the providers, records every call. */
export const gateway = z
  .strictObject({
    listen: listen.default("127.0.0.1:7001").describe("Where gRPC callers and the ingress come in."),
    workers,
    tls: serverTls.optional(),
    ops: listen.default("127.0.0.1:7011").describe("Where /metrics, /healthz and /readyz are, over HTTP."),
    traceWriter: target.default("dns:///127.0.0.1:7002").describe("The trace-writer's gRPC target."),
    peerTls: peerTls.optional(),
    traceWriterKey: z
      .string()
      .min(1)
      .max(8192)
      .optional()
      .describe(
        "The key with the role `record` that the trace-writer is sent, best a reference to a variable. Default: none, where keys are off or a client certificate vouches for the gateway.",
      ),
    drainMs: ms(30_000, "How long calls in flight may go on after SIGTERM; then they are cut."),
    reloadOnChange: z
      .boolean()
      .default(true)
      .describe(
        "Whether `providers`, `endpoints`, `redaction`, `auth`, `workspaces` and `limits.rules` are read again when the file changes. SIGHUP always does it.",
      ),
    outbox,
    limits: z
      .strictObject({
        ...load,
        requestBytesMax: bytes(32 * MiB, "The largest request body. A larger one is refused."),
        answerBytesMax: bytes(64 * MiB, "The largest answer that is not a stream. A larger one is provider_protocol."),
        eventBytesMax: bytes(8 * MiB, "The largest event of a stream. A larger one is provider_protocol."),
        stallMs: ms(
          120_000,
          "How long a caller may take nothing of its stream. Past it the call is cut, and counts as cancelled.",
        ),
        payloadBytesMax: bytes(8 * MiB, "How much of a request or an answer is recorded; the rest is cut and marked."),
      })
      .prefault({}),
  })
  .prefault({});
