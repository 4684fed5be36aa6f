import { z } from "zod";
import { experimentRetention } from "./retention.ts";
import { bytes, count, experimentName, headers, MiB, ms, name } from "./scalars.ts";

const URL_FAULT = "must be an address, such as http://collector:4318/v1/traces";

/** One of `traceWriter.destinations`: an OTLP receiver of others. */
const destination = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, hostname: /.+/, error: URL_FAULT })
    .describe(
      "Where it takes traces. http/protobuf: the whole URL, such as http://jaeger:4318/v1/traces. grpc: without a path, such as http://jaeger:4317; https is TLS.",
    ),
  protocol: z.enum(["http/protobuf", "grpc"]).default("http/protobuf").describe("How it is spoken to."),
  headers: headers.describe("Headers, or gRPC metadata, of every request, such as `authorization`."),
  compression: z.enum(["gzip", "none"]).default("gzip").describe("How requests are compressed."),
  payload: z
    .enum(["none", "full"])
    .default("none")
    .describe("Whether it gets messages, tools, answers and error texts too. Mirrors never have any."),
  timeoutMs: ms(10_000, "How long one request may take. Past it, it has failed and is tried again."),
  retryMinMs: ms(500, "The shortest wait before a failed request is tried again; doubled each time, with full jitter."),
  retryMaxMs: ms(30_000, "The longest such wait. A longer one that the destination asks for is kept, up to an hour."),
  batchMax: count(500, 10_000, "How many traces, or additions to traces, go in one request at the most."),
  batchBytesMax: bytes(
    3 * MiB,
    "How large a request is before compression: gRPC receivers take 4 MiB by default. A single span larger than that goes alone.",
  ),
  queueMax: count(
    100_000,
    1_000_000,
    "How many traces, or additions to traces, may wait. Beyond it the oldest are dropped and counted.",
  ),
});

const forwardTo = (what: string) =>
  z.array(name.describe("A destination's name under `traceWriter.destinations`.")).max(16).default([]).describe(what);

/** `traceWriter.destinations`: by the names that the others call them. */
export const destinations = z.record(name, destination).default({});

/** `traceWriter.mirrors`, and those of each workspace. */
export const mirrors = z
  .strictObject({
    forwardTo: forwardTo(
      "Destinations that get every mirror of the workspace as it arrives: where its agents keep their own traces.",
    ),
  })
  .prefault({});

/** `auth.keys[].mirrors`, and those of each certificate. */
export const callersMirrors = z
  .strictObject({
    forwardTo: forwardTo(
      "Destinations that get the mirrors of this caller's calls as they arrive, beside those of its workspace.",
    ),
  })
  .prefault({});

/** `traceWriter.experiments`. */
export const experiments = z
  .array(
    z.strictObject({
      name: experimentName.describe("The experiment's name."),
      workspace: name.default("default").describe("The workspace it is in."),
      forwardTo: forwardTo(
        "Destinations that get every trace of it: full traces, and agents' traces with their mirrors.",
      ),
      retention: experimentRetention,
    }),
  )
  .max(10_000)
  .default([]);
