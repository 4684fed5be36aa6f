import type { Context, TextMapGetter, TextMapPropagator, TextMapSetter } from "@opentelemetry/api";
import { formatBaggage, parseBaggage } from "./baggage.ts";
import { callerContextOf, withCallerContext } from "./caller-context.ts";
import { formatTraceParent, parseTraceParent } from "./traceparent.ts";
import { parseTraceState } from "./tracestate.ts";

/** What became of a request's `traceparent`. */
export type ContextOutcome = "valid" | "malformed" | "absent";

/**
 * Carries the caller's context from hop to hop: HTTP headers at the ingress, gRPC metadata after it. OpenTelemetry's
 * own propagator would take its ids from the active span; this one takes them from the caller's context and nowhere
 * else, so that the ids reach the mirror verbatim. It also reads what OpenTelemetry's gets wrong (four tests of the
 * official suite).
 */
export class CallerContextPropagator implements TextMapPropagator {
  readonly #observe: (outcome: ContextOutcome) => void;

  /** `observe` hears of every request what became of its `traceparent`: a malformed one is ignored, never silently. */
  constructor(observe: (outcome: ContextOutcome) => void = () => {}) {
    this.#observe = observe;
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const caller = callerContextOf(context);
    if (caller === undefined) return;
    setter.set(carrier, "traceparent", formatTraceParent(caller));
    if (caller.traceState !== undefined) setter.set(carrier, "tracestate", caller.traceState);
    if (caller.baggage.size > 0) setter.set(carrier, "baggage", formatBaggage(caller.baggage));
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const header = single(getter.get(carrier, "traceparent"));
    if (header === undefined) {
      this.#observe("absent");
      return context;
    }
    const parent = parseTraceParent(header);
    this.#observe(parent === undefined ? "malformed" : "valid");
    if (parent === undefined) return context;
    return withCallerContext(context, {
      ...parent,
      traceState: parseTraceState(joined(getter.get(carrier, "tracestate"))),
      baggage: parseBaggage(joined(getter.get(carrier, "baggage"))),
    });
  }

  fields(): string[] {
    return ["traceparent", "tracestate", "baggage"];
  }
}

/** The value of a header that may come once. More than one is malformed, so they are joined into what cannot be read. */
function single(value: string | readonly string[] | undefined): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  return value.length === 0 ? undefined : value.join(", ");
}

function joined(value: string | readonly string[] | undefined): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : value.join(",");
}
