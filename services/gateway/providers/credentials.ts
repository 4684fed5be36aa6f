import { accessSync, constants, readFileSync } from "node:fs";
import type { ProviderOptions } from "./kinds.ts";

/** A provider's key, or why there is none. */
export interface Credentials {
  /** Undefined: the provider needs none, or it cannot be had. */
  readonly apiKey: string | undefined;
  /** The end of a sentence ("needs OPENAI_API_KEY"). Undefined: nothing is missing. */
  readonly missing: string | undefined;
}

/** A reference to an environment variable that is unset: the configuration keeps it as it was written. */
const UNSET = /\$\{([A-Za-z_][A-Za-z0-9_]*)/;
/** A longer file is no key. */
const KEY_BYTES_MAX = 8192;

/** Reads a provider's key: from the configuration, or from its file. */
export function credentialsOf({ apiKey, apiKeyFile, ...others }: ProviderOptions): Credentials {
  for (const value of [apiKey, others.accessKeyId, others.secretAccessKey, others.sessionToken]) {
    const unset = value === undefined ? undefined : UNSET.exec(value)?.[1];
    if (unset !== undefined) return { apiKey: undefined, missing: `needs ${unset}` };
  }
  const { serviceAccountFile } = others;
  if (serviceAccountFile !== undefined) return { apiKey: undefined, missing: unreadableOf(serviceAccountFile) };
  return apiKeyFile === undefined ? { apiKey, missing: undefined } : keyIn(apiKeyFile);
}

/** Why a service account's key file cannot be used. Undefined: it can be read; what is in it is seen when it signs. */
function unreadableOf(file: string): string | undefined {
  try {
    accessSync(file, constants.R_OK);
    return undefined;
  } catch (error) {
    return `needs a service account's key in ${file}, which cannot be read (${codeOf(error)})`;
  }
}

/** The key in a file, without the white space around it. */
function keyIn(file: string): Credentials {
  try {
    const key = readFileSync(file, "utf8").trim();
    if (key === "") return { apiKey: undefined, missing: `needs a key in ${file}, which is empty` };
    if (key.length <= KEY_BYTES_MAX && /^[\x21-\x7e]+$/.test(key)) return { apiKey: key, missing: undefined };
    return { apiKey: undefined, missing: `needs one key in ${file}, which holds something else` };
  } catch (error) {
    return { apiKey: undefined, missing: `needs a key in ${file}, which cannot be read (${codeOf(error)})` };
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown";
}
