import { isIP } from "node:net";
import { compile } from "json-p3";
import { z } from "zod";
import { authFaultsOf } from "./auth-checks.ts";
import type { CrossFault } from "./cross-fault.ts";
import { forwardingFaultsOf } from "./forwarding-checks.ts";
import { limitFaultsOf } from "./limit-checks.ts";
import { BUILT_IN_PATTERNS } from "./sections/redaction.ts";
import { storeFaultsOf } from "./store-checks.ts";
import { workerFaultsOf } from "./worker-checks.ts";

/** Settings of providers that only some kinds read. */
const OF_KINDS: Readonly<Record<string, readonly string[]>> = {
  formats: ["openai-compatible"],
  apiVersion: ["azure-openai"],
  region: ["amazon-bedrock", "google-vertex"],
  project: ["google-vertex"],
  serviceAccountFile: ["google-vertex"],
  accessKeyId: ["amazon-bedrock"],
  secretAccessKey: ["amazon-bedrock"],
  sessionToken: ["amazon-bedrock"],
};

const text = z.string().optional().catch(undefined);
const use = z.object({ provider: text, weight: z.number().optional().catch(undefined) }).catch({ provider: undefined });
const uses = z.array(use).catch([]);
const rules = z.array(z.object({ path: text, pattern: text }).catch({ path: undefined, pattern: undefined })).catch([]);
const provider = z.looseObject({
  kind: z.string().catch("openai-compatible"),
  baseUrl: text,
  apiKey: text,
  apiKeyFile: text,
  serviceAccountFile: text,
  accessKeyId: text,
  secretAccessKey: text,
  region: text,
  project: text,
  allowAddresses: z.array(z.string().catch("")).catch([]),
});
const endpoint = z.object({
  name: text,
  models: uses,
  fallbacks: uses,
  credentials: text,
  payload: z.object({ redact: rules }).catch({ redact: [] }),
});
const redaction = z
  .object({ patterns: z.record(z.string(), z.unknown()).catch({}), rules })
  .catch({ patterns: {}, rules: [] });

/** What the checks look at, whatever else is wrong: a part that cannot be read is as if it were not there. */
const readable = z.object({
  providers: z.record(z.string(), provider.catch(provider.parse({}))).catch({}),
  endpoints: z.array(endpoint.catch(endpoint.parse({}))).catch([]),
  redaction,
});

type Readable = z.output<typeof readable>;

/**
 * What is wrong between the settings of a configuration: names that nobody has, names that two have, settings that need
 * each other. It looks at what was written, not at what was checked, so that these faults are told together with all
 * others.
 */
export function crossFaultsOf(plain: unknown): readonly CrossFault[] {
  const config = readable.safeParse(plain);
  if (!config.success) return [];
  return [
    ...providerFaultsOf(config.data),
    ...endpointFaultsOf(config.data),
    ...redactionFaultsOf(config.data),
    ...forwardingFaultsOf(plain),
    ...limitFaultsOf(plain),
    ...storeFaultsOf(plain),
    ...workerFaultsOf(plain),
    ...authFaultsOf(plain),
  ];
}

function* providerFaultsOf({ providers }: Readable): Generator<CrossFault> {
  for (const [name, options] of Object.entries(providers)) {
    const fault = (setting: string, message: string) => ({ path: ["providers", name, setting], message });
    const { kind } = options;
    for (const [setting, kinds] of Object.entries(OF_KINDS)) {
      if (options[setting] === undefined || kinds.includes(kind)) continue;
      yield fault(setting, `means nothing to a provider of kind ${kind}, only to ${kinds.join(", ")}. Remove it.`);
    }
    if ((kind === "openai-compatible" || kind === "azure-openai") && options.baseUrl === undefined) {
      yield fault("baseUrl", `is missing. A provider of kind ${kind} has no address of its own.`);
    }
    if (options.apiKey !== undefined && options.apiKeyFile !== undefined) {
      yield fault("apiKeyFile", "there is an apiKey already. Keep one of the two.");
    }
    if (options.serviceAccountFile !== undefined && (options.apiKey ?? options.apiKeyFile) !== undefined) {
      yield fault("serviceAccountFile", "there is a key already. Keep one of the two.");
    }
    if (kind === "google-vertex" && options.project === undefined) {
      yield fault("project", "is missing. It must be the Google Cloud project.");
    }
    if ((kind === "google-vertex" || kind === "amazon-bedrock") && options.region === undefined) {
      const example = kind === "google-vertex" ? "us-central1" : "us-east-1";
      yield fault("region", `is missing. It must be the region of the models, such as ${example}.`);
    }
    if ((options.accessKeyId === undefined) !== (options.secretAccessKey === undefined)) {
      const missing = options.accessKeyId === undefined ? "accessKeyId" : "secretAccessKey";
      yield fault(missing, "is missing. An access key has both.");
    }
    for (const [index, range] of options.allowAddresses.entries()) {
      if (isRange(range)) continue;
      const message = "must be an address or a range in CIDR notation, such as 10.0.0.0/8";
      yield { path: ["providers", name, "allowAddresses", index], message };
    }
  }
}

function* endpointFaultsOf({ providers, endpoints }: Readable): Generator<CrossFault> {
  const have = Object.keys(providers).join(", ") || "none";
  const seen = new Set<string>();
  for (const [index, { name, models, fallbacks, credentials }] of endpoints.entries()) {
    if (name !== undefined && seen.has(name)) {
      yield { path: ["endpoints", index, "name"], message: `"${name}" is there twice. Rename one.` };
    }
    if (name !== undefined) seen.add(name);
    for (const [setting, list] of [
      ["models", models],
      ["fallbacks", fallbacks],
    ] as const) {
      for (const [at, { provider: used }] of list.entries()) {
        if (used === undefined || Object.hasOwn(providers, used)) continue;
        const message = `no provider "${used}" under providers (have: ${have}). Add it, or fix the name.`;
        yield { path: ["endpoints", index, setting, at, "provider"], message };
      }
    }
    if (credentials === "caller" && new Set([...models, ...fallbacks].map((use) => use.provider)).size > 1) {
      yield {
        path: ["endpoints", index, "credentials"],
        message: "a caller's key is for one provider, and this endpoint has several. Give each an endpoint of its own.",
      };
    }
    if (models.length > 0 && models.every(({ weight }) => weight === 0)) {
      yield {
        path: ["endpoints", index, "models"],
        message: "every model has weight 0. Give one a share of the calls.",
      };
    }
  }
}

function* redactionFaultsOf({ redaction: { patterns, rules: shared }, endpoints }: Readable): Generator<CrossFault> {
  for (const [name, source] of Object.entries(patterns)) {
    const path = ["redaction", "patterns", name];
    if (typeof source === "string" && !isPattern(source)) {
      yield { path, message: "is no regular expression that can be read" };
    }
    if (BUILT_IN_PATTERNS.some((built) => built === name)) {
      yield { path, message: `there is a built-in pattern "${name}" already. Rename this one.` };
    }
  }
  const known = [...BUILT_IN_PATTERNS, ...Object.keys(patterns)];
  const lists = endpoints.map(
    ({ payload }, index) => [["endpoints", index, "payload", "redact"], payload.redact] as const,
  );
  for (const [path, list] of [[["redaction", "rules"], shared] as const, ...lists]) {
    for (const [at, { path: place, pattern }] of list.entries()) {
      const fault = place === undefined ? undefined : pathFaultOf(place);
      if (fault !== undefined) yield { path: [...path, at, "path"], message: `is no JSONPath: ${fault}` };
      if (pattern === undefined || known.includes(pattern)) continue;
      yield { path: [...path, at, "pattern"], message: `no pattern "${pattern}" (have: ${known.join(", ")})` };
    }
  }
}

function isPattern(source: string): boolean {
  try {
    new RegExp(source, "gu");
    return true;
  } catch {
    return false;
  }
}

/** What is wrong with a JSONPath, in words. Undefined: nothing. */
function pathFaultOf(path: string): string | undefined {
  try {
    compile(path);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function isRange(range: string): boolean {
  const [address = "", bits, ...rest] = range.split("/");
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
