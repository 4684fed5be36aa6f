import { context, propagation } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { registerInstrumentations } from "@opentelemetry/instrumentation";
import { GrpcInstrumentation } from "@opentelemetry/instrumentation-grpc";
import { register } from "import-in-the-middle/register-hooks.mjs";
import { OwnPropagator } from "../own-traces/own-propagator.ts";
import { CallerContextPropagator, type ContextOutcome } from "./propagator.ts";

let registered = false;
let ownTraces = 0;
let observe: (outcome: ContextOutcome) => void = () => {};

/**
 * Makes the caller's context travel by itself: from gRPC metadata into the handler, and from there into the metadata of
 * every call that the handler makes. Must run before anything imports `@grpc/grpc-js`, so a `main` calls this first and
 * imports its server after it; `checkContextTravels` proves at start that it worked.
 *
 * No tracer provider is registered: the instrumentation then makes no spans, it only carries. Calling it again does
 * nothing.
 */
export function registerTraceContext(): void {
  if (registered) return;
  registered = true;
  register();
  registerInstrumentations({ instrumentations: [new GrpcInstrumentation()] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const callers = new CallerContextPropagator((outcome) => observe(outcome));
  propagation.setGlobalPropagator(new OwnPropagator(callers, () => ownTraces > 0));
}

/** Lets the services' own traces be read from what comes in, until it is disposed of. */
export function carryOwnTraces(): Disposable {
  ownTraces += 1;
  return {
    [Symbol.dispose]() {
      ownTraces -= 1;
    },
  };
}

/** Names who hears what became of each request's `traceparent`. The process has one propagator, so it has one observer. */
export function observeTraceContext(observer: (outcome: ContextOutcome) => void): void {
  observe = observer;
}
