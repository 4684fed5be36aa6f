import { registerTraceContext } from "#lib/trace-context/register.ts";

// Every test file runs as a service's main does: the context travels by itself, and no test may import grpc-js earlier.
registerTraceContext();
