import {
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from "@opentelemetry/api";
import fc from "fast-check";
import { expect, test } from "vitest";
import { BAGGAGE_ALLOWED, parseBaggage } from "#lib/trace-context/baggage.ts";
import { callerContextOf } from "#lib/trace-context/caller-context.ts";
import { CallerContextPropagator, type ContextOutcome } from "#lib/trace-context/propagator.ts";
import { startOwnTelemetry } from "../../system/own-telemetry.ts";

const PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const OTHER: SpanContext = { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 0 };

type Carrier = Record<string, string | string[]>;

function extract(carrier: Carrier, context: Context = ROOT_CONTEXT) {
  const outcomes: ContextOutcome[] = [];
  const propagator = new CallerContextPropagator((outcome) => outcomes.push(outcome));
  const extracted = propagator.extract(context, carrier, defaultTextMapGetter);
  return { extracted, caller: callerContextOf(extracted), outcomes };
}

function inject(context: Context): Record<string, string> {
  const carrier: Record<string, string> = {};
  new CallerContextPropagator().inject(context, carrier, defaultTextMapSetter);
  return carrier;
}

test("no headers make it throw, and a context that is not valid is none at all", () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(PARENT, "a=b", "session.id=s,user.id=%41"));
  const header = fc.oneof(text, fc.array(text, { maxLength: 3 }));
  const headers = fc.record({ traceparent: header, tracestate: header, baggage: header }, { requiredKeys: [] });
  fc.assert(
    fc.property(headers, (carrier) => {
      const { caller, extracted, outcomes } = extract(carrier);
      const written = inject(extracted);
      expect(outcomes).toHaveLength(1);
      expect(caller !== undefined).toBe(outcomes[0] === "valid");
      if (caller === undefined) expect(written).toEqual({});
      else expect(extract(written).caller).toEqual(caller);
    }),
    { numRuns: 2_000 },
  );
});

test("a traceparent that came twice is none, also when both are the same", () => {
  expect(extract({ traceparent: [PARENT, PARENT] })).toMatchObject({ caller: undefined, outcomes: ["malformed"] });
  expect(extract({ traceparent: [PARENT] }).caller).toBeDefined();
  expect(extract({ traceparent: [] }).outcomes).toEqual(["absent"]);
});

test("several tracestate headers are one list, and a bad one never harms the traceparent", () => {
  expect(extract({ traceparent: PARENT, tracestate: ["a=1", "b=2"] }).caller?.traceState).toBe("a=1,b=2");
  const { caller } = extract({ traceparent: PARENT, tracestate: ["a=1", "a=2"] });
  expect(caller).toMatchObject({ traceId: PARENT.slice(3, 35), traceState: undefined });
});

test("of baggage only the allow-listed members pass, decoded, bounded and printable", () => {
  expect([...parseBaggage("user.id=%C3%A9;p=1 , other=secret, session.id = s1")]).toEqual([
    ["user.id", "é"],
    ["session.id", "s1"],
  ]);
  expect(parseBaggage(`user.id=${"x".repeat(251)}`).size).toBe(0);
  expect(parseBaggage("user.id=%0A,session.id=%E0%A4%A,session.id=").size).toBe(0);
  expect(parseBaggage(`pad=${"x".repeat(8192)},user.id=1`).size).toBe(0);
  expect(parseBaggage(`${"a=1,".repeat(64)}user.id=1`).size).toBe(0);
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      for (const [name, value] of parseBaggage(text)) {
        expect(BAGGAGE_ALLOWED).toContain(name);
        expect(value.length).toBeLessThanOrEqual(250);
      }
    }),
  );
});

test.each([
  ["without a tracer provider", false],
  ["with one that samples everything", true],
])("the active span never changes what is injected, %s", async (_name, isRegistered) => {
  await using _telemetry = isRegistered ? startOwnTelemetry() : undefined;
  const { extracted } = extract({ traceparent: PARENT, tracestate: "a=1", baggage: "user.id=u,other=1" });
  const carried = { traceparent: PARENT, tracestate: "a=1", baggage: "user.id=u" };
  expect(inject(extracted)).toEqual(carried);

  const span = trace.getTracer("own").startSpan("own telemetry", {}, extracted);
  expect(trace.isSpanContextValid(span.spanContext())).toBe(isRegistered);
  expect(inject(trace.setSpan(extracted, span))).toEqual(carried);
  expect(inject(trace.setSpanContext(extracted, OTHER))).toEqual(carried);
  expect(inject(trace.setSpanContext(ROOT_CONTEXT, OTHER))).toEqual({});
});
