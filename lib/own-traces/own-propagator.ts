import type { Context, TextMapGetter, TextMapPropagator, TextMapSetter } from "@opentelemetry/api";
import { formatTraceParent, parseTraceParent } from "#lib/trace-context/traceparent.ts";
import { ownSpanOf, withOwnSpan } from "./own-span.ts";

/** The metadata that own traces travel in between services: never `traceparent`, which is the caller's. */
export const OWN_TRACE_METADATA = "x-twinspan-own-trace";

/** Carries own spans from service to service, beside what another propagator carries. While it is off it reads none. */
export class OwnPropagator implements TextMapPropagator {
  readonly #other: TextMapPropagator;
  readonly #isOn: () => boolean;

  constructor(other: TextMapPropagator, isOn: () => boolean) {
    this.#other = other;
    this.#isOn = isOn;
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    this.#other.inject(context, carrier, setter);
    const span = ownSpanOf(context);
    if (span === undefined) return;
    setter.set(carrier, OWN_TRACE_METADATA, formatTraceParent({ ...span, flags: span.traceFlags }));
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const extracted = this.#other.extract(context, carrier, getter);
    if (!this.#isOn()) return extracted;
    const told = getter.get(carrier, OWN_TRACE_METADATA);
    const parent = parseTraceParent(typeof told === "string" ? told : (told?.[0] ?? ""));
    if (parent === undefined) return extracted;
    const { traceId, spanId, flags } = parent;
    return withOwnSpan(extracted, { traceId, spanId, traceFlags: flags, isRemote: true });
  }

  fields(): string[] {
    return [...this.#other.fields(), OWN_TRACE_METADATA];
  }
}
