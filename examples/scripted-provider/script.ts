import { randomBytes } from "node:crypto";
import { answerOf } from "./answer.ts";
import type { Behaviour } from "./behaviour.ts";
import { behaviourOf, LISTED_MODELS } from "./named-behaviours.ts";
import { VENDORS } from "./vendors.ts";
import type { Exchange, Fault, Reply, Vendor } from "./wire-format.ts";

/** A request as the script sees it. */
export interface ScriptRequest {
  readonly method: string;
  /** The path with its query. */
  readonly path: string;
  readonly body: string;
}

/** What is to be played: an answer, and how it behaves on its way. */
export interface Scene {
  readonly reply: Reply;
  readonly behaviour: Behaviour;
}

/** Says what a request is answered. */
export type Script = (request: ScriptRequest) => Scene;

/** A script over these behaviours, by model. It remembers how often each has failed. */
export function createScript(configured: ReadonlyMap<string, Behaviour>): Script {
  const failures = new Map<string, number>();
  const idPrefix = randomBytes(11).toString("hex");
  let made = 0;

  function sceneFor({ method, path, body }: ScriptRequest, vendor: Vendor, id: string): Scene {
    const [place = "", query] = path.split("?", 2);
    const rest = restOf(place, vendor);
    if (method === "GET" && rest === (vendor.modelsPath ?? "/models") && vendor.models !== undefined) {
      const names = new Set([...LISTED_MODELS, ...configured.keys()]);
      return { reply: { body: vendor.models([...names]) }, behaviour: {} };
    }
    const exchange = method === "POST" ? readRequest(vendor, rest, query, body) : undefined;
    if (exchange === undefined) return faultOf({ status: 404, message: `There is no ${method} ${place}.` }, {}, vendor);
    if (typeof exchange === "string") return faultOf({ status: 400, message: exchange }, {}, vendor);
    return sceneOf(exchange, vendor, id);
  }

  function sceneOf({ asked, write }: Exchange, vendor: Vendor, id: string): Scene {
    const found = behaviourOf(asked.model, configured);
    if (found === undefined) {
      const message = `The model \`${asked.model}\` does not exist.`;
      return faultOf({ status: 404, message, unknownModel: true }, {}, vendor);
    }
    const status = failureOf(asked.model, found, failures);
    const { errorMessage = `The script answers ${status}.` } = found;
    if (status !== undefined) return faultOf({ status, message: errorMessage }, found, vendor);
    if (found.redirect !== undefined) return redirectOf(found.redirect, found);
    const behaviour = found.failTimes === undefined ? found : recovered(found);
    return { reply: write(answerOf(asked, behaviour, id, Math.floor(Date.now() / 1000))), behaviour };
  }

  return (request) => {
    const vendor = vendorOf(request.path);
    made += 1;
    const id = `${idPrefix}${made.toString(36).padStart(7, "0")}`;
    const { reply, behaviour } = sceneFor(request, vendor, id);
    return { reply, behaviour: { ...behaviour, headers: { ...vendor.headers(id), ...behaviour.headers } } };
  };
}

/** An error in a vendor's words. */
function faultOf(
  told: Pick<Fault, "status" | "message"> & Partial<Fault>,
  behaviour: Behaviour,
  vendor: Vendor,
): Scene {
  const retryAfter = behaviour.retryAfter ?? (told.status === 429 ? 1 : undefined);
  const fault = { unknownModel: false, retryAfter, ...told };
  const headers = {
    ...vendor.errorHeaders?.(fault),
    ...(retryAfter === undefined ? {} : { "retry-after": retryAfterOf(retryAfter, behaviour) }),
    ...behaviour.headers,
  };
  return { reply: { body: vendor.error(fault) }, behaviour: { ...behaviour, status: fault.status, headers } };
}

function retryAfterOf(seconds: number, { retryAfterDate }: Behaviour): string {
  return retryAfterDate ? new Date(Date.now() + seconds * 1000).toUTCString() : String(seconds);
}

function redirectOf(location: string, behaviour: Behaviour): Scene {
  const { status = 307, headers } = behaviour;
  return { reply: { body: "" }, behaviour: { ...behaviour, status, headers: { location, ...headers } } };
}

function vendorOf(path: string): Vendor {
  return Object.values<Vendor>(VENDORS).find(({ prefix }) => path.startsWith(`${prefix}/`)) ?? VENDORS.openai;
}

/** The path after the base URL. Empty: it is under none. */
function restOf(path: string, { prefix, bases }: Vendor): string {
  const after = path.slice(prefix.length);
  const [base] = bases.exec(after) ?? [];
  return base === undefined ? "" : after.slice(base.length);
}

/** Undefined: the vendor has nothing there. */
function readRequest(vendor: Vendor, path: string, query: string | undefined, body: string) {
  for (const [pattern, read] of vendor.routes) {
    const match = pattern.exec(path);
    if (match === null) continue;
    const model = match.groups?.["model"];
    return read({
      query: new URLSearchParams(query),
      model: model === undefined ? undefined : decodeURIComponent(model),
      body: parseJson(body),
    });
  }
  return undefined;
}

/** The status a request fails with. Undefined: it does not. */
function failureOf(model: string, behaviour: Behaviour, failures: Map<string, number>): number | undefined {
  const { status, failTimes } = behaviour;
  if (failTimes === undefined) return status !== undefined && status >= 400 ? status : undefined;
  const failed = failures.get(model) ?? 0;
  if (failed >= failTimes) return undefined;
  failures.set(model, failed + 1);
  return status ?? 503;
}

/** How a model goes on that has failed often enough: the status was that of its failures. */
function recovered({ status: _status, ...rest }: Behaviour): Behaviour {
  return rest;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
