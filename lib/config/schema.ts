import { z } from "zod";

const OPENAI_URL = "https://api.openai.com/v1";
const LISTEN = "must be host:port, such as 127.0.0.1:8080";
/** Where a server listens: `host:port`. Port 0 takes a free one. */
const listen = z.string(LISTEN).regex(/^.+:\d{1,5}$/, LISTEN);
/** Where a gRPC server is: `dns:///host:port`, `ipv4:a:p,b:p`, or `host:port`. */
const target = z.string().min(3).max(1000);
const ms = (fallback: number, what: string) => z.int().min(1).max(86_400_000).default(fallback).describe(what);
const KiB = 1024;
const MiB = 1024 * KiB;
const TiB = 1024 * 1024 * MiB;
const bytes = (fallback: number, what: string) => z.int().min(KiB).max(TiB).default(fallback).describe(what);
const count = (fallback: number, max: number, what: string) => z.int().min(1).max(max).default(fallback).describe(what);

/** Names go into span names, metrics and URLs, so they are short words without spaces. */
const name = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
    "must be 1 to 128 letters, digits, `.`, `_` or `-`, beginning with a letter or digit",
  );
const modelName = z.string().regex(/^[\x21-\x7e]{1,128}$/, "must be 1 to 128 printable characters without spaces");
const experimentName = z.string().regex(/^[^\p{Cc}]{1,250}$/u, "must be 1 to 250 printable characters");

const logLevel = z
  .enum(["debug", "info", "warn", "error", "silent"])
  .default("info")
  .describe("How much is logged, as JSON on standard output. Never payload, at any level.");

const ingress = z
  .strictObject({
    listen: listen.default("127.0.0.1:8080").describe("Where HTTP clients come in."),
    gateway: target
      .default("dns:///127.0.0.1:7001")
      .describe("The gateway's gRPC target; several addresses are used in turn."),
    traceWriter: target.default("dns:///127.0.0.1:7002").describe("The trace-writer's gRPC target."),
    drainMs: ms(30_000, "How long requests in flight may go on after SIGTERM; then they are cut."),
    limits: z
      .strictObject({
        requestBytesMax: bytes(32 * MiB, "The largest request body for a model. A larger one is 413."),
        otlpBytesMax: bytes(64 * MiB, "The largest OTLP body, after decompression. A larger one is 413."),
        bodiesBytesMax: bytes(
          512 * MiB,
          "All request bodies at once, decompressed. Beyond it requests get 503 and come again.",
        ),
        headerBytesMax: bytes(32 * KiB, "All headers of a request together. More is 431."),
        callMs: ms(600_000, "The deadline of a call whose caller sets none. Past it the call is cut with 504."),
        readMs: ms(15_000, "The deadline of a read from the trace-writer. Past it the answer is 504."),
      })
      .prefault({}),
  })
  .prefault({});

const outbox = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .default("var/outbox.db")
      .describe("The outbox's file. Each gateway process needs one of its own; it is locked."),
    durability: z
      .enum(["process", "power"])
      .default("process")
      .describe("What a record survives once committed: the death of the process, or the loss of power (fsync)."),
    bytesMax: bytes(
      512 * MiB,
      "How much may wait for the trace-writer. From 80 % on new records lose their payload; at 100 % they are dropped. Both are counted.",
    ),
    commitWaitMs: ms(
      50,
      "How long the end of an answer waits for its record's commit. Past it the record counts as late.",
    ),
    batchRecordsMax: count(256, 1000, "How many records go to the trace-writer in one RPC."),
    batchBytesMax: bytes(4 * MiB, "How many bytes go in one RPC. A record larger than that goes alone."),
    lingerMs: z
      .int()
      .min(0)
      .max(10_000)
      .default(20)
      .describe("How long the shipper lets a batch fill up before it sends it."),
    shipMs: ms(30_000, "The deadline of one RPC to the trace-writer."),
    drainMs: ms(
      5_000,
      "How long shipping goes on after the last call, once the gateway is told to stop. The next process ships the rest.",
    ),
    retryMinMs: ms(100, "The shortest wait before a failed batch is sent again; doubled each time, with full jitter."),
    retryMaxMs: ms(10_000, "The longest such wait."),
  })
  .prefault({});

const gateway = z
  .strictObject({
    listen: listen.default("127.0.0.1:7001").describe("Where gRPC callers and the ingress come in."),
    ops: listen.default("127.0.0.1:7011").describe("Where /metrics, /healthz and /readyz are, over HTTP."),
    traceWriter: target.default("dns:///127.0.0.1:7002").describe("The trace-writer's gRPC target."),
    drainMs: ms(30_000, "How long calls in flight may go on after SIGTERM; then they are cut."),
    outbox,
    limits: z
      .strictObject({
        requestBytesMax: bytes(32 * MiB, "The largest request body. A larger one is refused."),
        answerBytesMax: bytes(64 * MiB, "The largest answer that is not a stream. A larger one is provider_protocol."),
        eventBytesMax: bytes(8 * MiB, "The largest event of a stream. A larger one is provider_protocol."),
        payloadBytesMax: bytes(8 * MiB, "How much of a request or an answer is recorded; the rest is cut and marked."),
      })
      .prefault({}),
  })
  .prefault({});

const traceWriter = z
  .strictObject({
    listen: listen.default("127.0.0.1:7002").describe("Where the gateway, OTLP/gRPC exporters and readers come in."),
    ops: listen.default("127.0.0.1:7012").describe("Where /metrics, /healthz and /readyz are, over HTTP."),
    drainMs: ms(30_000, "How long calls in flight may go on after SIGTERM; then they are cut."),
    store: z
      .strictObject({
        sqlite: z
          .strictObject({
            path: z.string().min(1).default("var/traces.db").describe("The file of the traces. Created when missing."),
            cacheBytes: bytes(128 * MiB, "SQLite's page cache."),
            commitBatchMax: count(250, 10_000, "How many requests share one commit at the most."),
          })
          .prefault({}),
      })
      .prefault({}),
    limits: z
      .strictObject({
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
      })
      .prefault({}),
  })
  .prefault({});

const timeouts = z
  .strictObject({
    connectMs: ms(5_000, "To open a connection, TLS included."),
    firstByteMs: ms(120_000, "From the request sent to the answer's head."),
    idleMs: ms(60_000, "Between two pieces of an answer."),
    totalMs: ms(600_000, "For the whole attempt."),
  })
  .prefault({});

const provider = z.strictObject({
  kind: z.enum(["openai-compatible"]).default("openai-compatible").describe("The wire format it speaks."),
  baseUrl: z
    .url({ protocol: /^https?$/, hostname: /.+/, error: `must be an address, such as ${OPENAI_URL}` })
    .describe(`Its base URL, with the version: ${OPENAI_URL}`),
  apiKey: z
    .string()
    .min(1)
    .optional()
    .describe("Its key, by reference: ${OPENAI_API_KEY}. While the variable is unset, its endpoints are unavailable."),
  connectionsMax: count(256, 10_000, "How many connections are kept to it at the most."),
  streamUsage: z
    .boolean()
    .default(true)
    .describe(
      "Whether streams are asked for their usage (stream_options.include_usage). Off for those that refuse it.",
    ),
  propagate: z
    .boolean()
    .default(false)
    .describe(
      "Whether it is sent a trace context: its parent is the attempt's span in the mirror, else in the full trace.",
    ),
  timeouts,
});

const usdPerMillion = z.number().min(0).max(1_000_000);

const price = z.strictObject({
  inputPerMillion: usdPerMillion.describe("US dollars for a million input tokens."),
  outputPerMillion: usdPerMillion.describe("US dollars for a million output tokens."),
});

const model = z.strictObject({
  provider: name.describe("A provider's name under `providers`."),
  model: modelName.describe("The model, as that provider names it."),
  price: price.optional().describe("Instead of the public price list."),
});

const endpoint = z.strictObject({
  name: name.describe("What callers give as their model."),
  experiment: experimentName.optional().describe("Where its full traces go. Default: gateway/<name>."),
  models: z.array(model).length(1, "must name exactly one model; further ones go under `fallbacks`"),
  fallbacks: z
    .array(model)
    .max(8)
    .default([])
    .describe("Tried in order when the one before failed before its first byte."),
  tracing: z.enum(["on", "off"]).default("on").describe("Off: neither twin, still metrics."),
  mirror: z
    .enum(["sampled", "always", "never"])
    .default("sampled")
    .describe("Whether callers get a mirror: when their context is sampled, whenever they have one, never."),
});

/** The whole of `twinspan.yaml`. Every setting has a default but what only the operator can know. */
export const configSchema = z
  .strictObject({
    log: z.strictObject({ level: logLevel }).prefault({}),
    ingress,
    gateway,
    traceWriter,
    providers: z.record(name, provider).default({}),
    endpoints: z.array(endpoint).max(10_000).default([]),
  })
  .superRefine((config, faults) => {
    const seen = new Set<string>();
    for (const [index, { name, models, fallbacks }] of config.endpoints.entries()) {
      if (seen.has(name)) {
        faults.addIssue({
          code: "custom",
          path: ["endpoints", index, "name"],
          message: `"${name}" is there twice. Rename one.`,
        });
      }
      seen.add(name);
      const uses = [...models.entries()].map(([at, use]) => ({
        use,
        path: ["endpoints", index, "models", at, "provider"],
      }));
      const backs = [...fallbacks.entries()].map(([at, use]) => ({
        use,
        path: ["endpoints", index, "fallbacks", at, "provider"],
      }));
      for (const { use, path } of [...uses, ...backs]) {
        if (Object.hasOwn(config.providers, use.provider)) continue;
        const have = Object.keys(config.providers).join(", ") || "none";
        faults.addIssue({
          code: "custom",
          path,
          message: `no provider "${use.provider}" under providers (have: ${have}). Add it, or fix the name.`,
        });
      }
    }
  });

/** `twinspan.yaml`, checked and with its defaults filled in. */
export type Config = z.output<typeof configSchema>;
