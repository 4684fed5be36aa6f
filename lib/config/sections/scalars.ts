import { z } from "zod";

const LISTEN = "must be host:port, such as 127.0.0.1:8080";
/** Where a server listens: `host:port`. Port 0 takes a free one. */
export const listen = z.string(LISTEN).regex(/^.+:\d{1,5}$/, LISTEN);
/** Where a gRPC server is: `dns:///host:port`, `ipv4:a:p,b:p`, or `host:port`. */
export const target = z.string().min(3).max(1000);

export const KiB = 1024;
export const MiB = 1024 * KiB;
const TiB = 1024 * 1024 * MiB;

/** A time in milliseconds, at most a day. */
export const ms = (fallback: number, what: string) => msOf().default(fallback).describe(what);
/** The same, where leaving it out means something of its own. */
export const msOf = () => z.int().min(1).max(86_400_000);
/** A size in bytes. */
export const bytes = (fallback: number, what: string) => z.int().min(KiB).max(TiB).default(fallback).describe(what);
/** A number of things. */
export const count = (fallback: number, max: number, what: string) =>
  z.int().min(1).max(max).default(fallback).describe(what);

/** How many worker processes a service has. */
export const workers = z
  .union([
    z
      .int()
      .min(1)
      .max(256)
      .describe("How many processes serve, over the same ports. Limits are shared out among them."),
    z.literal("auto").describe("One for each processor; for a trace-writer with SQLite, which has one writer, one."),
  ])
  .default(1)
  .describe(
    "How many processes serve, over the same ports. `auto`: one for each processor; for a trace-writer with SQLite, which has one writer, one.",
  );

/** What a service takes on at once, calls and connections; parts of its `limits`. */
export const load = {
  callsMax: count(
    4_000,
    1_000_000,
    "How many calls may be under way at once. Beyond it calls are 503 (RESOURCE_EXHAUSTED) before they are read.",
  ),
  loopDelayMsMax: ms(
    1_000,
    "How late the process may be with everything, on average over half a second. Beyond it new calls are 503 until it keeps up.",
  ),
  connectionsMax: count(
    10_000,
    1_000_000,
    "How many connections may be open at once. Further ones are closed as they come.",
  ),
};

/** Headers that are sent to somebody else, over HTTP or as gRPC metadata. */
export const headers = z
  .record(
    z.string().regex(/^(?!grpc-)(?!.*-bin$)[a-z0-9_.-]{1,64}$/, "must be a header's name in lower case"),
    z
      .string()
      .regex(/^[\x20-\x7e]{0,8192}$/, "must be at most 8192 printable ASCII characters")
      .describe("The header's value. May be a reference: ${TOKEN}."),
  )
  .default({});

/** Names go into span names, metrics and URLs, so they are short words without spaces. */
export const name = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
    "must be 1 to 128 letters, digits, `.`, `_` or `-`, beginning with a letter or digit",
  );
export const modelName = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, "must be 1 to 128 printable characters without spaces");
export const experimentName = z.string().regex(/^[^\p{Cc}]{1,250}$/u, "must be 1 to 250 printable characters");
