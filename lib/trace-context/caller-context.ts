import { type Context, createContextKey } from "@opentelemetry/api";
import type { TraceParent } from "./traceparent.ts";

/**
 * The caller's trace context: whose child the mirror will be. It is kept apart from the active span of OpenTelemetry's
 * context, so that telemetry that the services make about themselves can never change it.
 */
export interface CallerContext extends TraceParent {
  /** The `tracestate`, canonical. Undefined: none. */
  readonly traceState: string | undefined;
  /** The members of `baggage` that are on the allow-list, by name. */
  readonly baggage: ReadonlyMap<string, string>;
}

const KEY = createContextKey("twinspan caller context");

/** The caller's context that `context` carries. Undefined: the caller gave none, or none that is valid. */
export function callerContextOf(context: Context): CallerContext | undefined {
  const value = context.getValue(KEY);
  return isCallerContext(value) ? value : undefined;
}

/** `context` with the caller's context in it. */
export function withCallerContext(context: Context, caller: CallerContext): Context {
  return context.setValue(KEY, caller);
}

function isCallerContext(value: unknown): value is CallerContext {
  return typeof value === "object" && value !== null && "traceId" in value && "baggage" in value;
}
