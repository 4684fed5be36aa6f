import { z } from "zod";
import { destinations, experiments, mirrors } from "./forwarding.ts";
import { retention } from "./retention.ts";
import { bytes, count, listen, load, MiB, ms, workers } from "./scalars.ts";
import { store } from "./store.ts";
import { serverTls } from "./tls.ts";

/** `traceWriter`: stores the traces. */
export const traceWriter = z
  .strictObject({
    listen: listen.default("127.0.0.1:7002").describe("Where the gateway, OTLP/gRPC exporters and readers come in."),
    workers,
    tls: serverTls.optional(),
    ops: listen.default("127.0.0.1:7012").describe("Where /metrics, /healthz and /readyz are, over HTTP."),
    drainMs: ms(30_000, "How long calls in flight may go on after SIGTERM; then they are cut."),
    unclaimedAfterMs: ms(
      3_600_000,
      "How long after its last span a trace without an owner is listed as unclaimed. It stays, and can still be claimed.",
    ),
    store,
    destinations: destinations.describe("OTLP receivers that traces are forwarded to, by name."),
    mirrors,
    experiments: experiments.describe("What is particular to experiments. Those that are not here need not be."),
    retention,
    limits: z
      .strictObject({
        ...load,
        messageBytesMax: bytes(64 * MiB, "The largest message. A larger one is RESOURCE_EXHAUSTED."),
        queueBytesMax: bytes(
          256 * MiB,
          "What may wait for the store. Beyond it callers get UNAVAILABLE and try again.",
        ),
        futureMs: ms(3_600_000, "How far in the future a span may begin. Beyond it the span is rejected."),
        traceSpansMax: count(
          10_000,
          1_000_000,
          "How many spans a trace has. Beyond it agents' spans are rejected; mirrors are stored.",
        ),
        tailMs: ms(
          600_000,
          "How long a tail is followed. Then it ends, and goes on by its `resume_token` for who may still read.",
        ),
        experimentsMax: count(
          10_000,
          1_000_000,
          "How many experiments a workspace has before callers make no more by naming them: then spans that name one that is missing are rejected, and mirrors are pending. `Default` and those of endpoints are always made.",
        ),
      })
      .prefault({}),
  })
  .prefault({});
