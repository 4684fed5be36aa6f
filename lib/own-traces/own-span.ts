import { type Context, createContextKey, type SpanContext } from "@opentelemetry/api";

const KEY = createContextKey("twinspan own span");

/**
 * The span of the services' own traces that `context` carries. It is kept apart from OpenTelemetry's active span and
 * from the caller's context, so that neither ever becomes the other. Undefined: none.
 */
export function ownSpanOf(context: Context): SpanContext | undefined {
  const value = context.getValue(KEY);
  return isSpanContext(value) ? value : undefined;
}

/** `context` with such a span in it. */
export function withOwnSpan(context: Context, span: SpanContext): Context {
  return context.setValue(KEY, span);
}

/** `context` with the own span that `from` carries, if it does. */
export function withOwnSpanOf(context: Context, from: Context): Context {
  const span = ownSpanOf(from);
  return span === undefined ? context : withOwnSpan(context, span);
}

function isSpanContext(value: unknown): value is SpanContext {
  return typeof value === "object" && value !== null && "spanId" in value;
}
