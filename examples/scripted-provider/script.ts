import { randomBytes } from "node:crypto";
import { answerOf } from "./answer.ts";
import type { Behaviour } from "./behaviour.ts";
import { behaviourOf, LISTED_MODELS } from "./named-behaviours.ts";
import { type Played, play, playBody, type Stage } from "./play.ts";
import { VENDORS } from "./vendors.ts";
import type { Exchange, Fault, Vendor, WireRequest } from "./wire-format.ts";

/** A request as the script sees it. */
export interface ScriptRequest {
  readonly method: string;
  /** The path with its query. */
  readonly path: string;
  readonly body: string;
}

/** Plays one request. */
export type Script = (request: ScriptRequest, stage: Stage) => Promise<Played>;

/** A script over these behaviours, by model. It remembers how often each has failed. */
export function createScript(configured: ReadonlyMap<string, Behaviour>): Script {
  const failures = new Map<string, number>();
  const idPrefix = randomBytes(11).toString("hex");
  let made = 0;

  function playExchange({ asked, write }: Exchange, vendor: Vendor, id: string, stage: Stage): Promise<Played> {
    const found = behaviourOf(asked.model, configured);
    if (found === undefined) {
      const fault = { status: 404, message: `The model \`${asked.model}\` does not exist.`, unknownModel: true };
      return playFault(fault, {}, vendor, stage);
    }
    const status = failureOf(asked.model, found, failures);
    if (status !== undefined) {
      return playFault({ status, message: `The script answers ${status}.` }, found, vendor, stage);
    }
    if (found.redirect !== undefined) return playRedirect(found.redirect, found, stage);
    const behaviour = found.failTimes === undefined ? found : recovered(found);
    return play(write(answerOf(asked, behaviour, id, Math.floor(Date.now() / 1000))), behaviour, stage);
  }

  return (request, stage) => {
    const [path = "", query] = request.path.split("?", 2);
    const vendor = vendorOf(path);
    made += 1;
    const id = `${idPrefix}${made.toString(36).padStart(7, "0")}`;
    stage.response.setHeaders(new Headers(vendor.headers(id)));
    const rest = restOf(path, vendor);
    if (request.method === "GET" && rest === (vendor.modelsPath ?? "/models") && vendor.models !== undefined) {
      return playBody(vendor.models([...new Set([...LISTED_MODELS, ...configured.keys()])]), {}, stage);
    }
    const exchange = request.method === "POST" ? readRequest(vendor, rest, query, request.body) : undefined;
    if (exchange === undefined) {
      return playFault({ status: 404, message: `There is no ${request.method} ${path}.` }, {}, vendor, stage);
    }
    if (typeof exchange === "string") return playFault({ status: 400, message: exchange }, {}, vendor, stage);
    return playExchange(exchange, vendor, id, stage);
  };
}

/** Plays an error in a vendor's words, or the body that is configured. */
function playFault(
  fault: Pick<Fault, "status" | "message"> & Partial<Fault>,
  behaviour: Behaviour,
  vendor: Vendor,
  stage: Stage,
): Promise<Played> {
  const { status } = fault;
  const retryAfter = behaviour.retryAfter ?? (status === 429 ? 1 : undefined);
  if (retryAfter !== undefined) {
    const date = new Date(Date.now() + retryAfter * 1000).toUTCString();
    stage.response.setHeader("retry-after", behaviour.retryAfterDate ? date : String(retryAfter));
  }
  const whole = { unknownModel: false, ...fault, retryAfter };
  stage.response.setHeaders(new Headers(vendor.errorHeaders?.(whole)));
  const body = behaviour.body ?? vendor.error(whole);
  return playBody(body, { ...behaviour, status }, stage);
}

function playRedirect(location: string, behaviour: Behaviour, stage: Stage): Promise<Played> {
  stage.response.setHeader("location", location);
  return playBody("", { ...behaviour, status: behaviour.status ?? 307 }, stage);
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
function readRequest(vendor: Vendor, path: string, query = "", body = ""): Exchange | string | undefined {
  for (const [pattern, read] of vendor.routes) {
    const match = pattern.exec(path);
    if (match === null) continue;
    const model = match.groups?.["model"];
    const request: WireRequest = {
      query: new URLSearchParams(query),
      model: model === undefined ? undefined : decodeURIComponent(model),
      body: parseJson(body),
    };
    return read(request);
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
