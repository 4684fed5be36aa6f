import { ServiceError } from "#lib/service-error.ts";
import type { RelayedRequest, WireFormat } from "../dialects/dialect.ts";
import { callerHeadersOf } from "./caller-credentials.ts";
import { type KeyHeader, placeOf } from "./kinds.ts";
import { createUrls, type UrlOf } from "./known-urls.ts";
import { ownKeyOf } from "./own-key.ts";
import { passedHeadersOf, retryAfterMsOf } from "./passed-headers.ts";
import type { ProviderAnswer, ProviderRequest } from "./provider.ts";
import { isRedirect, refuseRedirect } from "./redirect.ts";
import type { Sender } from "./sender.ts";

/**
 * Sends a request to a provider that speaks its format: the caller's bytes, but for the model's name. The answer's
 * bytes are the provider's. Undefined: the provider does not speak the format.
 */
export type Relay = (request: ProviderRequest) => Promise<ProviderAnswer> | undefined;

/** Relays the requests to one provider. What its settings say of a format is worked out when the format first comes. */
export function createRelay(sender: Sender): Relay {
  const ways = new Map<WireFormat, Way>();
  return (request) => {
    const known = ways.get(request.format);
    if (known !== undefined) return send(sender, known, request);
    const way = wayOf(sender, request.format);
    if (way === undefined) return undefined;
    ways.set(request.format, way);
    return send(sender, way, request);
  };
}

/** How requests of a format get to a provider. */
interface Way {
  readonly key: KeyHeader;
  readonly urlOf: UrlOf;
}

function wayOf({ options }: Sender, format: WireFormat): Way | undefined {
  const place = placeOf(options, format);
  return place && { key: place.key, urlOf: createUrls(options, place, format) };
}

async function send(sender: Sender, way: Way, request: ProviderRequest): Promise<ProviderAnswer> {
  const { name, options, client } = sender;
  const { credentials, signal } = request;
  if (credentials === undefined) refuseUnsigned(sender);
  const key = credentials === undefined ? await ownKeyOf(sender, way.key, signal) : callerHeadersOf(credentials);
  const relayed = request.request.relayed(request.model, options.streamUsage);
  const answer = await client.request({
    method: relayed.method,
    url: way.urlOf(relayed.path, request.model),
    headers: headersOf(relayed, options.headers, key, request.traceParent),
    body: relayed.body.length > 0 ? relayed.body : undefined,
    timeouts: request.timeouts,
    signal,
  });
  if (isRedirect(answer)) await refuseRedirect(name, answer);
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

/** The operator's headers stand in the place of the dialect's, and the key's before all others. */
function headersOf(
  { body, headers: said }: RelayedRequest,
  configured: Readonly<Record<string, string>>,
  key: Readonly<Record<string, string>>,
  traceParent: string | undefined,
): Record<string, string> {
  const headers: Record<string, string> = body.length > 0 ? { ...BODY_HEADERS } : { ...BASE_HEADERS };
  for (const [name, value] of said) headers[name] = value;
  Object.assign(headers, configured, key);
  if (traceParent !== undefined) headers["traceparent"] = traceParent;
  return headers;
}

/** What stands in the place of headers that a dialect does not say. */
const BASE_HEADERS = { accept: "application/json, text/event-stream", "accept-encoding": "identity" };
const BODY_HEADERS = { ...BASE_HEADERS, "content-type": "application/json" };
