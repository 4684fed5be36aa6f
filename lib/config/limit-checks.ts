import { z } from "zod";
import type { CrossFault } from "./cross-fault.ts";

const text = z.string().optional().catch(undefined);
const given = z.unknown().optional();
const rule = z.object({
  name: text,
  endpoints: z.array(z.string().catch("")).catch([]),
  requestsMax: given,
  tokensMax: given,
  usdMax: given,
  callsMax: given,
});

/** What the checks look at, whatever else is wrong: a part that cannot be read is as if it were not there. */
const readable = z.object({
  endpoints: z.array(z.object({ name: text }).catch({ name: undefined })).catch([]),
  limits: z
    .object({
      rules: z.array(rule.catch(rule.parse({}))).catch([]),
      redis: z.object({ url: text }).optional().catch(undefined),
    })
    .catch({ rules: [] }),
});

/** What is wrong between the rules of limits and the endpoints they are for. */
export function* limitFaultsOf(plain: unknown): Generator<CrossFault> {
  const config = readable.safeParse(plain);
  if (!config.success) return;
  const { endpoints, limits } = config.data;
  const known = new Set(endpoints.map(({ name }) => name));
  const seen = new Set<string>();
  for (const [index, { name, endpoints: named, requestsMax, tokensMax, usdMax, callsMax }] of limits.rules.entries()) {
    const path = ["limits", "rules", index];
    if (name !== undefined && seen.has(name)) {
      yield { path: [...path, "name"], message: `"${name}" is there twice. Rename one.` };
    }
    if (name !== undefined) seen.add(name);
    if ((requestsMax ?? tokensMax ?? usdMax ?? callsMax) === undefined) {
      yield { path, message: "limits nothing. Give requestsMax, tokensMax, usdMax or callsMax." };
    }
    for (const [at, endpoint] of named.entries()) {
      if (known.has(endpoint)) continue;
      yield {
        path: [...path, "endpoints", at],
        message: `no endpoint "${endpoint}" under endpoints. Add it, or fix the name.`,
      };
    }
  }
  if (/^rediss?:\/\/[^/]*@/.test(limits.redis?.url ?? "")) {
    const message = "must hold no user and password. Give limits.redis.username and limits.redis.password.";
    yield { path: ["limits", "redis", "url"], message };
  }
}
