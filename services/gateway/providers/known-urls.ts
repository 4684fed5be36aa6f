import { ServiceError } from "#lib/service-error.ts";
import type { WireFormat } from "../dialects/dialect.ts";
import type { FormatPlace, ProviderOptions } from "./kinds.ts";

/** So many URLs of a format are kept, none of a longer path: callers say what follows the path of a raw request. */
const KNOWN_MAX = 256;
const KNOWN_PATH_MAX = 256;

/**
 * Where a format's requests go, by the path that the dialect says and the model. Nobody changes the URL. Throws a
 * ServiceError `invalid_request` where the path leads out of the base URL.
 */
export type UrlOf = (path: string, model: string) => URL;

/** Finds them. A provider is asked at few paths: their URLs are read and checked once. */
export function createUrls(options: ProviderOptions, place: FormatPlace, format: WireFormat): UrlOf {
  const { startOf, apiVersion } = formOf(options, place, format);
  const known = new Map<string, URL>();
  return (path, model) => {
    const whole = startOf(model) + path;
    const before = known.get(whole);
    if (before !== undefined) return before;
    const url = checkedUrl(place.baseUrl, whole);
    if (apiVersion !== undefined) url.searchParams.set("api-version", apiVersion);
    if (whole.length > KNOWN_PATH_MAX) return url;
    if (known.size === KNOWN_MAX) known.clear();
    known.set(whole, url);
    return url;
  };
}

interface UrlForm {
  /** What comes before the dialect's path. */
  startOf(model: string): string;
  /** Undefined: it is not in the URL. */
  readonly apiVersion: string | undefined;
}

/** Azure's older API has the model in its path, as a deployment. A raw request says the whole of its path itself. */
function formOf(options: ProviderOptions, place: FormatPlace, format: WireFormat): UrlForm {
  const { kind, apiVersion, baseUrl } = options;
  if (kind !== "azure-openai" || format === "raw" || place.baseUrl !== baseUrl?.replace(/\/+$/, "")) {
    return { startOf: () => "", apiVersion: undefined };
  }
  if (apiVersion === undefined) return { startOf: () => "/v1", apiVersion };
  const isDeployed = format === "openai-chat" || format === "openai-embeddings";
  return { startOf: (model) => (isDeployed ? `/deployments/${encodeURIComponent(model)}` : ""), apiVersion };
}

/** A path never leads out of the base URL. */
function checkedUrl(baseUrl: string, path: string): URL {
  const url = new URL(baseUrl + path);
  const base = new URL(baseUrl);
  if (url.origin === base.origin && url.pathname.startsWith(base.pathname.replace(/\/+$/, ""))) return url;
  throw new ServiceError("invalid_request", "The path leads out of the provider's base URL.", { field: "target.path" });
}
