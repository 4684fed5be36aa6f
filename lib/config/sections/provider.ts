import { z } from "zod";
import { count, ms, name } from "./scalars.ts";

/** What a provider is: the wire formats it speaks, how it takes its credentials, and where it is by default. */
export const PROVIDER_KINDS = [
  "openai",
  "openai-compatible",
  "azure-openai",
  "anthropic",
  "gemini",
  "amazon-bedrock",
  "google-vertex",
  "mistral",
  "cohere",
  "groq",
  "xai",
  "deepseek",
  "togetherai",
  "fireworks",
  "openrouter",
  "ollama",
] as const;

/** The formats of OpenAI's that a provider may speak. */
const OPENAI_FORMATS = ["openai-chat", "openai-responses", "openai-responses-compact", "openai-embeddings"] as const;

const URL_FAULT = "must be an address, such as https://api.openai.com/v1";
const baseUrl = z
  .url({ protocol: /^https?$/, hostname: /^.{1,253}$/, error: URL_FAULT })
  .refine((url) => !/^[^/]*\/\/[^/?#]*@/.test(url), {
    error: "must be without a user and a password: a key goes into apiKey or headers",
  });
const secret = z.string().min(1).max(8192);

const timeouts = z
  .strictObject({
    connectMs: ms(5_000, "To open a connection, TLS included."),
    firstByteMs: ms(120_000, "From the request sent to the answer's head."),
    idleMs: ms(60_000, "Between two pieces of an answer."),
    totalMs: ms(600_000, "For the whole attempt."),
  })
  .prefault({});

const breaker = z
  .strictObject({
    enabled: z.boolean().default(true).describe("Whether a provider that keeps failing is left alone for a while."),
    failureRate: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.5)
      .describe("The share of attempts that must fail, by the provider's fault, for the breaker to open."),
    windowMs: ms(30_000, "The time over which that share is taken."),
    attemptsMin: count(10, 100_000, "How many attempts the window must have before the share means anything."),
    openMs: ms(15_000, "How long no attempt is made. Then one tries, and closes it or opens it again."),
  })
  .prefault({});

/** One of `providers`: who answers. */
export const provider = z.strictObject({
  kind: z
    .enum(PROVIDER_KINDS)
    .default("openai-compatible")
    .describe("What it is. Requests in a format it speaks are relayed as bytes; others are translated."),
  baseUrl: baseUrl
    .optional()
    .describe("Its base URL, with the version: https://api.openai.com/v1. Default: the kind's own, where it has one."),
  baseUrls: z
    .strictObject({
      anthropic: baseUrl
        .optional()
        .describe("Anthropic's messages, with the version: https://api.deepseek.com/anthropic/v1."),
      gemini: baseUrl.optional().describe("Gemini's generateContent, with the version: https://example.com/v1beta."),
    })
    .default({})
    .describe("Where it speaks other formats besides, so that their requests are relayed instead of translated."),
  formats: z
    .array(z.enum(OPENAI_FORMATS).describe("One of OpenAI's formats."))
    .default(["openai-chat", "openai-embeddings"])
    .describe("Which of OpenAI's formats an `openai-compatible` provider speaks at `baseUrl`."),
  apiKey: secret
    .optional()
    .describe("Its key, by reference: ${OPENAI_API_KEY}. While the variable is unset, its endpoints are unavailable."),
  apiKeyFile: z
    .string()
    .min(1)
    .optional()
    .describe("A file that holds its key, such as a mounted secret. Read again on reload. Instead of `apiKey`."),
  apiVersion: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/)
    .optional()
    .describe("azure-openai: the `api-version` of deployment URLs. Left out: the v1 API, which needs none."),
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/)
    .optional()
    .describe("amazon-bedrock: the AWS region. google-vertex: the location."),
  project: z
    .string()
    .regex(/^[a-z0-9:.-]{1,128}$/)
    .optional()
    .describe("google-vertex: the Google Cloud project."),
  serviceAccountFile: z
    .string()
    .min(1)
    .optional()
    .describe("google-vertex: the key file of a service account, as Google gives it (JSON). Instead of `apiKey`."),
  accessKeyId: secret.optional().describe("amazon-bedrock: the access key's id. Or use `apiKey`, a Bedrock API key."),
  secretAccessKey: secret.optional().describe("amazon-bedrock: the access key's secret, by reference."),
  sessionToken: secret.optional().describe("amazon-bedrock: the token of temporary credentials, by reference."),
  headers: z
    .record(
      z.string().regex(/^[a-z0-9-]{1,64}$/, "must be a header's name in lower case"),
      z.string().max(8192).describe("The header's value. May be a reference."),
    )
    .default({})
    .describe("Headers that every request to it carries besides, such as `openai-organization`."),
  allowAddresses: z
    .array(z.string().min(2).max(64).describe("An address, or a range in CIDR notation."))
    .max(64)
    .default([])
    .describe(
      "Addresses or CIDR ranges that may be called though they are private, loopback or link-local: 127.0.0.0/8. Others are refused, whatever DNS says.",
    ),
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
  breaker,
  timeouts,
});

/** `providers`: by the names that endpoints call them. */
export const providers = z.record(name, provider).default({});
