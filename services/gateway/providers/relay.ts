import { ServiceError } from "#lib/service-error.ts";
import type { RelayedRequest } from "../dialects/dialect.ts";
import { callerHeadersOf } from "./caller-credentials.ts";
import { type FormatPlace, type ProviderOptions, placeOf } from "./kinds.ts";
import { ownKeyOf } from "./own-key.ts";
import { passedHeadersOf, retryAfterMsOf } from "./passed-headers.ts";
import type { ProviderAnswer, ProviderRequest } from "./provider.ts";
import { refuseRedirect } from "./redirect.ts";
import type { Sender } from "./sender.ts";

/**
 * Sends a request to a provider that speaks its format: the caller's bytes, but for the model's name. The answer's bytes
 * are the provider's. Undefined: the provider does not speak the format.
 */
export function relay(sender: Sender, request: ProviderRequest): Promise<ProviderAnswer> | undefined {
  const place = placeOf(sender.options, request.format);
  return place === undefined ? undefined : send(sender, place, request);
}

async function send(sender: Sender, place: FormatPlace, request: ProviderRequest): Promise<ProviderAnswer> {
  const { name, options, client } = sender;
  const { credentials, signal } = request;
  if (credentials === undefined) refuseUnsigned(sender);
  const key = credentials === undefined ? await ownKeyOf(sender, place.key, signal) : callerHeadersOf(credentials);
  const relayed = request.request.relayed(request.model, options.streamUsage);
  const answer = await client.request({
    method: relayed.method,
    url: urlOf(options, place, relayed, request),
    headers: {
      ...BASE_HEADERS,
      ...(relayed.body.length > 0 ? JSON_BODY : {}),
      ...Object.fromEntries(relayed.headers),
      ...options.headers,
      ...key,
      ...(request.traceParent === undefined ? {} : { traceparent: request.traceParent }),
    },
    body: relayed.body.length > 0 ? relayed.body : undefined,
    timeouts: request.timeouts,
    signal,
  });
  await refuseRedirect(name, answer);
  const headers = passedHeadersOf(answer.headers);
  return {
    status: answer.status,
    headers,
    contentType: headers.find(([known]) => known === "content-type")?.[1].toLowerCase() ?? "",
    retryAfterMs: retryAfterMsOf(headers, Date.now()),
    addsUsage: relayed.addsUsage,
    told: undefined,
    body: answer.body,
  };
}

/** What is relayed carries a key. A signature would have to be made for every request. */
function refuseUnsigned({ name, options: { accessKeyId } }: Sender): void {
  if (accessKeyId === undefined) return;
  const message = `The provider ${name} takes signed requests, and what is relayed is not signed. Its operator may give it a Bedrock API key: providers.${name}.apiKey.`;
  throw new ServiceError("endpoint_unavailable", message);
}

/** What stands in the place of headers that a dialect does not say. */
const BASE_HEADERS = { accept: "application/json, text/event-stream", "accept-encoding": "identity" };
const JSON_BODY = { "content-type": "application/json" };

/** Azure's older API has the model in its path, as a deployment. A raw request says the whole of its path itself. */
function urlOf(options: ProviderOptions, place: FormatPlace, { path }: RelayedRequest, request: ProviderRequest): URL {
  const { kind, apiVersion } = options;
  if (kind !== "azure-openai" || request.format === "raw" || place.baseUrl !== options.baseUrl?.replace(/\/+$/, "")) {
    return checkedUrl(place.baseUrl, path);
  }
  if (apiVersion === undefined) return checkedUrl(place.baseUrl, `/v1${path}`);
  const isDeployed = request.format === "openai-chat" || request.format === "openai-embeddings";
  const deployment = isDeployed ? `/deployments/${encodeURIComponent(request.model)}` : "";
  const url = checkedUrl(place.baseUrl, deployment + path);
  url.searchParams.set("api-version", apiVersion);
  return url;
}

/** A path never leads out of the base URL. */
function checkedUrl(baseUrl: string, path: string): URL {
  const url = new URL(baseUrl + path);
  const base = new URL(baseUrl);
  if (url.origin === base.origin && url.pathname.startsWith(base.pathname.replace(/\/+$/, ""))) return url;
  throw new ServiceError("invalid_request", "The path leads out of the provider's base URL.", { field: "target.path" });
}
