import type { Given } from "./fit.ts";

const SOAK = "docs/reliability.md, soak: resident memory at the end, mixed calls";

/** What no measurement of ours tells, or not as raw figures, with where it is from. */
export const GIVEN: Given = {
  residentMib: {
    ingress: { value: 364, unit: "MiB", source: SOAK },
    gateway: { value: 559, unit: "MiB", source: SOAK },
    "trace-writer": { value: 722, unit: "MiB", source: SOAK },
  },
  serverCoresMax: {
    sqlite: { value: 0, unit: "cores", source: "it has none: the trace-writer's are its own" },
    postgres: { value: 64, unit: "cores", source: "assumed: a large server, which several trace-writers keep busy" },
    clickhouse: { value: 32, unit: "cores", source: "assumed: a shard" },
  },
  others: {
    messageMs: {
      value: 0.007,
      unit: "ms",
      source: "a streamed message of grpc-js takes 14 µs of both its ends together, measured alone",
    },
    callKib: { value: 40, unit: "KiB", source: "assumed: sockets, HTTP/2 streams and objects of a call under way" },
    outboxRecordBytes: {
      value: 500,
      unit: "bytes",
      source: "ADR 14: 396 without payload; its note and its share of a block assumed",
    },
    wireBytes: { value: 600, unit: "bytes", source: "assumed: heads, frames, trace context" },
    redisOpsPerSecondMax: {
      value: 100_000,
      unit: "commands/s",
      source: "assumed: the order that redis-benchmark shows",
    },
    redisOpsPerCall: { value: 2, unit: "commands", source: "docs/limits.md: a call claims, and is settled" },
  },
};
