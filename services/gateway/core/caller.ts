import type { ExperimentRef } from "#proto/twinspan/trace/v1/mirror.ts";
import type { Caller } from "./invocation.ts";

/** The only metadata of a call that tracing sees, beside the trace context (tracing.md §4). */
export interface CallerMetadata {
  /** The first value of a key, or undefined. */
  get(key: string): string | undefined;
}

const TEXT = /^[^\p{Cc}\p{Cs}]+$/u;
/** In UTF-16 units, as the trace-writer counts them: a text beyond it would cost the whole record. */
const TEXT_MAX = 250;
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/;
const HOST = /^(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
const HOST_MAX = 255;

/**
 * Who calls, as they say themselves: each text is checked against the limit of its field and left out where it breaks
 * it, so that none of them can fail a call. `host` is what a direct caller dialled; an ingress says the caller's in
 * `x-forwarded-host`. `baggage` has the allow-listed members of the caller's context.
 */
export function callerOf(metadata: CallerMetadata, host: string, baggage: ReadonlyMap<string, string>): Caller {
  return {
    product: productOf(metadata),
    session: text(metadata.get("x-twinspan-session-id")) ?? text(baggage.get("session.id")),
    user: text(metadata.get("x-twinspan-user-id")) ?? text(baggage.get("user.id")),
    run: text(metadata.get("x-mlflow-run-id")),
    serverUrl: hostOf(metadata.get("x-forwarded-host") ?? host),
    experiment: experimentOf(metadata),
  };
}

/** The caller's name for itself, else the product that its `user-agent` begins with. */
function productOf(metadata: CallerMetadata): string | undefined {
  const told = metadata.get("x-mlflow-gateway-caller")?.trim();
  if (told) return TOKEN.test(told) ? told : undefined;
  const agent = metadata.get("x-forwarded-user-agent") ?? metadata.get("user-agent") ?? "";
  const product = agent.trim().split(/[/\s]/, 1)[0] ?? "";
  return TOKEN.test(product) ? product : undefined;
}

function hostOf(host: string | undefined): string | undefined {
  return host !== undefined && host.length <= HOST_MAX && HOST.test(host) ? host : undefined;
}

/** An id is the more exact of the two. */
function experimentOf(metadata: CallerMetadata): ExperimentRef | undefined {
  const id = metadata.get("x-mlflow-experiment-id");
  if (id !== undefined && /^\d{1,19}$/.test(id)) return { ref: { $case: "id", value: id } };
  const name = text(metadata.get("x-twinspan-experiment"));
  return name === undefined ? undefined : { ref: { $case: "name", value: name } };
}

function text(value: string | undefined): string | undefined {
  return value !== undefined && value.length <= TEXT_MAX && TEXT.test(value) ? value : undefined;
}
