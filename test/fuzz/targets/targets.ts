import type { FuzzTarget } from "../fuzz-target.ts";
import { FILES } from "./files.ts";
import { HTTP_BODIES } from "./http-bodies.ts";
import { OTLP } from "./otlp.ts";
import { QUERIES } from "./queries.ts";
import { REQUEST_BODIES } from "./requests.ts";
import { STREAMED } from "./streams.ts";
import { TRACE_CONTEXT } from "./trace-context.ts";

/** Every parser of what comes from outside. */
export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  ...TRACE_CONTEXT,
  ...OTLP,
  ...REQUEST_BODIES,
  ...STREAMED,
  ...QUERIES,
  ...HTTP_BODIES,
  ...FILES,
];
