import { z } from "zod";
import { redactionRule } from "./redaction.ts";
import { bytes, count, experimentName, MiB, modelName, ms, msOf, name } from "./scalars.ts";

const usdPerMillion = (what: string) => z.number().min(0).max(1_000_000).describe(`US dollars for a million ${what}.`);

const price = z.strictObject({
  inputPerMillion: usdPerMillion("input tokens"),
  outputPerMillion: usdPerMillion("output tokens"),
  cacheReadPerMillion: usdPerMillion("input tokens read from a cache. Default: as input").optional(),
  cacheWritePerMillion: usdPerMillion("input tokens written to a cache. Default: as input").optional(),
  reasoningPerMillion: usdPerMillion("reasoning tokens. Default: as output").optional(),
  audioInputPerMillion: usdPerMillion("audio tokens of the input. Default: as input").optional(),
  audioOutputPerMillion: usdPerMillion("audio tokens of the output. Default: as output").optional(),
  perRequest: z.number().min(0).max(1_000).default(0).describe("US dollars for each request besides."),
});

const model = z.strictObject({
  provider: name.describe("A provider's name under `providers`."),
  model: modelName.describe("The model, as that provider names it."),
  price: price.optional().describe("Instead of the public price list."),
});

const weightedModel = model.extend({
  weight: z
    .number()
    .min(0)
    .max(1_000_000)
    .default(1)
    .describe("Its share of the calls, against the weights of the others. 0: none but when the others have failed."),
});

const retries = z
  .strictObject({
    max: z
      .int()
      .min(0)
      .max(5)
      .default(0)
      .describe("How often a model is tried again after a failure that may pass, before the next model is tried."),
    delayMinMs: ms(200, "The first retry waits for a random part of this; the limit doubles with each."),
    delayMaxMs: ms(
      5_000,
      "The longest wait. A provider's Retry-After is the least that is waited; one beyond this leads to the next model.",
    ),
  })
  .prefault({});

const concurrency = z
  .strictObject({
    callsMax: z
      .int()
      .min(1)
      .max(100_000)
      .optional()
      .describe(
        "How many calls may be under way at once, in each gateway: its workers have a part each, at least 1. Default: any.",
      ),
    queueMax: z
      .int()
      .min(0)
      .max(100_000)
      .default(100)
      .describe("How many more may wait, in order, each with its request in memory. Beyond it calls are 503."),
    queueMs: ms(5_000, "How long a call may wait for its turn. Then it is 503."),
  })
  .prefault({});

const timeouts = z
  .strictObject({
    firstByteMs: msOf().optional().describe("From the request sent to the answer's head. Default: the provider's."),
    idleMs: msOf().optional().describe("Between two pieces of an answer. Default: the provider's."),
    totalMs: msOf().optional().describe("For one whole attempt. Default: the provider's."),
  })
  .default({});

const payload = z
  .strictObject({
    keep: z
      .enum(["full", "preview", "hash", "none"])
      .default("full")
      .describe(
        "What the full trace keeps of requests, answers and error texts: all, the beginning, a digest, nothing.",
      ),
    bytesMax: bytes(8 * MiB, "How much of a request or an answer is kept; the rest is cut and marked."),
    previewCharacters: count(200, 10_000, "How long each text of a preview is."),
    redact: z
      .array(redactionRule)
      .max(64)
      .default([])
      .describe("What is blacked out before anything is written, after the rules under `redaction`."),
  })
  .prefault({});

/** One of `endpoints`: what callers give as their model. */
const endpoint = z.strictObject({
  name: name.describe("What callers give as their model."),
  experiment: experimentName.optional().describe("Where its full traces go. Default: gateway/<name>."),
  workspace: name
    .default("default")
    .describe("The workspace it belongs to: its callers' by default, and that of its full traces."),
  sharedWith: z
    .array(name.describe("A workspace's name."))
    .max(10_000)
    .default([])
    .describe("The other workspaces whose callers may invoke it. Their mirrors are theirs; its full traces are not."),
  models: z
    .array(weightedModel)
    .min(1, "must name at least one model")
    .max(16)
    .describe(
      "Its models. Each call goes to one of them, by weight; when it fails, to the others in the same way, then the fallbacks. One whose key is unset takes no share.",
    ),
  fallbacks: z
    .array(model)
    .max(8)
    .default([])
    .describe("Tried in order when all of `models` have failed before their first byte."),
  sticky: z
    .enum(["none", "session", "user"])
    .default("none")
    .describe(
      "Whether calls of one session, or one user, go to the same one of `models`; a changed weight moves only the share that it must. Callers who name none are split by weight.",
    ),
  retries,
  attemptsMax: count(8, 32, "How many attempts a call may make in all: retries, fallbacks and hedges."),
  attemptsMs: ms(120_000, "The time after the first attempt's beginning from which on no further one is begun."),
  hedgeAfterMs: msOf()
    .optional()
    .describe(
      "When no answer has begun after this, the next model is asked too; the first to answer wins, the other is aborted, and both are paid for. Default: off.",
    ),
  concurrency,
  timeouts,
  credentials: z
    .enum(["gateway", "caller"])
    .default("gateway")
    .describe(
      "Whose key the provider is sent: the one configured, or the caller's own, unseen and unrecorded. With `caller` all models are of one provider.",
    ),
  tracing: z.enum(["on", "off"]).default("on").describe("Off: neither twin, still metrics."),
  mirror: z
    .enum(["sampled", "always", "never"])
    .default("sampled")
    .describe("Whether callers get a mirror: when their context is sampled, whenever they have one, never."),
  payload,
});

/** `endpoints`: all of them. */
export const endpoints = z.array(endpoint).max(10_000).default([]);
