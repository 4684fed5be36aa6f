import type { Config } from "#lib/config/schema.ts";

type Provider = Config["providers"][string];

/** A reference to a variable that is unset: the configuration keeps it as it was written. */
const UNSET = /\$\{([A-Za-z_][A-Za-z0-9_]*)/;

/**
 * The endpoints of a configuration by name, each with the variable that it needs where none of its models has its key
 * here: `demo, openai (needs OPENAI_API_KEY)`. Files of keys are not looked at.
 */
export function endpointWordsOf({ endpoints, providers }: Config): string {
  const words = endpoints.map(({ name, models, fallbacks, credentials }) => {
    if (credentials === "caller") return name;
    const needs = [...models, ...fallbacks].map(({ provider }) => unsetOf(providers[provider]));
    const [first] = needs;
    return first === undefined || needs.includes(undefined) ? name : `${name} (needs ${first})`;
  });
  return words.join(", ");
}

function unsetOf(provider: Provider | undefined): string | undefined {
  const secrets = [provider?.apiKey, provider?.accessKeyId, provider?.secretAccessKey, provider?.sessionToken];
  return secrets.map((secret) => UNSET.exec(secret ?? "")?.[1]).find((name) => name !== undefined);
}
