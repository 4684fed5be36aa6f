import { z } from "zod";
import { count, headers, ms } from "./scalars.ts";

const traces = z.strictObject({
  endpoint: z
    .url({ protocol: /^https?$/, error: "must be an address, such as http://collector:4318/v1/traces" })
    .describe("Where they are sent, by OTLP over HTTP in protobuf: http://collector:4318/v1/traces."),
  headers: headers.describe("Headers of every export. Give secrets by reference: ${OTLP_TOKEN}."),
  sampleRatio: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe("The share of requests that are traced, chosen by trace id, so that all services choose the same."),
  queueMax: count(2_048, 100_000, "How many spans may wait to be sent. Further ones are dropped, and counted."),
  everyMs: ms(5_000, "How often they are sent."),
  timeoutMs: ms(10_000, "How long an export may take. Past it its spans are given up, and counted."),
});

/** `telemetry`: what the services tell of themselves beside metrics and logs. */
export const telemetry = z
  .strictObject({
    traces: traces
      .optional()
      .describe(
        "The services' own traces: spans of their requests, calls and commits, for whoever runs them. They never touch a caller's trace, and hold no payload. Absent: none.",
      ),
  })
  .prefault({});

/** `telemetry.traces`, where it is on. */
export type OwnTracesSettings = z.output<typeof traces>;
