import { z } from "zod";
import { count, ms, name } from "./scalars.ts";

const USD_MAX = 1_000_000;
const most = (max: number, what: string) => z.int().min(1).max(max).optional().describe(what);

/** One of `limits.rules`: how much of something there may be in a window of time, or at once. */
const rule = z.strictObject({
  name: name.describe("What callers who are refused are told, and metrics."),
  per: z
    .enum(["endpoint", "key", "workspace"])
    .describe("What is counted apart: each endpoint, each caller's key (or certificate), each caller's workspace."),
  endpoints: z
    .array(name.describe("An endpoint's name."))
    .min(1)
    .max(1_000)
    .optional()
    .describe("The endpoints that it is for. Absent: all of them."),
  every: z
    .enum(["second", "minute", "hour", "day", "week", "month"])
    .default("minute")
    .describe(
      "The window, by the calendar in UTC: a day begins at midnight, a week on Monday. What was used is then forgotten.",
    ),
  requestsMax: most(1_000_000_000, "Requests in a window. One more is 429 `rate_limited`."),
  tokensMax: most(
    1_000_000_000_000,
    "Tokens in a window, of requests and answers. A call that could bring more is 429 `rate_limited`.",
  ),
  usdMax: z
    .number()
    .min(0.000_001)
    .max(USD_MAX)
    .optional()
    .describe("US dollars in a window: a budget. A call that could cost more is 429 `budget_exceeded`."),
  callsMax: most(
    100_000,
    "Calls at once, in each gateway: its workers have a part each, at least 1. One more is 429 `rate_limited`. Whatever the window.",
  ),
});

const redis = z.strictObject({
  url: z
    .url({ protocol: /^rediss?$/, error: "must be an address, such as redis://redis:6379" })
    .describe("Where it is: redis://host:port, or rediss:// for TLS."),
  username: z.string().optional().describe("Its user."),
  password: z.string().optional().describe("The user's password, by reference: ${REDIS_PASSWORD}."),
  prefix: z.string().max(64).default("twinspan").describe("What its keys begin with."),
  timeoutMs: ms(250, "How long an answer of it may take. Past it, it counts as away for a second."),
  whenAway: z
    .enum(["admit", "refuse"])
    .default("admit")
    .describe("What becomes of calls under a rule while it is away: they go on uncounted, or are 503."),
});

/** `limits`: how much callers may use. */
export const limits = z
  .strictObject({
    rules: z
      .array(rule)
      .max(1_000)
      .default([])
      .describe("Rate limits and budgets. A call must pass every rule that it falls under."),
    answerTokens: count(
      1_000,
      1_000_000,
      "How many tokens an answer is taken to have until it has ended. What a call really used is counted then.",
    ),
    reservedMs: ms(
      900_000,
      "How long what a call may use is kept for it, if its gateway dies: from then on it is free again.",
    ),
    redis: redis
      .optional()
      .describe("Where several gateways count together. Absent: each counts for itself, in memory."),
  })
  .prefault({});
