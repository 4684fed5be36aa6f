import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import type { Config } from "#lib/config/schema.ts";
import { ServiceError } from "#lib/service-error.ts";
import { type Trace, TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import { ROOT } from "../config-source.ts";
import { connectionTo, keyIn } from "../connection.ts";
import { CliError, type CliIo } from "../io.ts";
import { startTraceReader, type TraceReader } from "../trace/trace-reader.ts";
import { traceLinesOf } from "../trace/trace-tree.ts";

const run = promisify(execFile);

/** How long the agent may take, in milliseconds. */
const AGENT_MS = 30_000;
/** How long its traces may take to be there, in milliseconds. */
const TRACES_MS = 15_000;
const POLL_MS = 50;

/** Lets the example agent call `demo` once, and returns both traces as people read them. */
export async function runDemo({ ingress }: Config, io: CliIo): Promise<string> {
  const key = keyIn(io);
  const agentTraceId = await runAgent(`http://${ingress.listen}`, key, io);
  using reader = startTraceReader(connectionTo(ingress.traceWriter, ingress.peerTls, key));
  const deadline = AbortSignal.any([io.stop, AbortSignal.timeout(TRACES_MS)]);
  const agent = await traceWhen(reader, agentTraceId, isWhole, deadline);
  const full = await traceWhen(reader, agent.info?.linkedTraceIds[0] ?? "", isWhole, deadline);
  return [
    'An agent just called `demo` once. Its trace, in experiment "example-agent":',
    ...traceLinesOf(agent).map((line) => `  ${line}`),
    "",
    'The gateway\'s trace, in experiment "gateway/demo", with the payload:',
    ...traceLinesOf(full).map((line) => `  ${line}`),
  ].join("\n");
}

async function runAgent(url: string, key: string | undefined, io: CliIo): Promise<string> {
  // Whatever the user has set for agents of their own, this one shall call us.
  const environment = {
    ...io.environment,
    TWINSPAN_URL: url,
    OPENAI_BASE_URL: `${url}/v1`,
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_SDK_DISABLED: "false",
    OTEL_TRACES_SAMPLER: "always_on",
    ...(key && { OPENAI_API_KEY: key, OTEL_EXPORTER_OTLP_HEADERS: `x-twinspan-key=${key}` }),
  };
  const agent = join(ROOT, "examples/agent/main.ts");
  try {
    const options = { env: environment, timeout: AGENT_MS, signal: io.stop };
    const { stdout } = await run(process.execPath, [agent], options);
    const [traceId] = /tr-[0-9a-f]{32}/.exec(stdout) ?? [];
    if (traceId !== undefined) return traceId;
    throw new Error(`it named no trace: ${stdout}`);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message.trim().split("\n").at(-1) : String(cause);
    throw new CliError(`the example agent failed: ${said}`, { cause });
  }
}

/** The trace, once it is there and as wanted. Traces come a moment after the call that they tell of. */
async function traceWhen(
  reader: TraceReader,
  traceId: string,
  wanted: (trace: Trace) => boolean,
  deadline: AbortSignal,
): Promise<Trace> {
  while (!deadline.aborted) {
    const found = await reader.trace(traceId).catch((error: unknown) => {
      if (error instanceof ServiceError && error.kind === "not_found") return undefined;
      throw error;
    });
    if (found !== undefined && wanted(found)) return found;
    await delay(POLL_MS, undefined, { signal: deadline }).catch(() => {});
  }
  throw new CliError(
    `the call went through, but its trace ${traceId} is not there after ${TRACES_MS / 1000} s. var/log/gateway.log and var/log/trace-writer.log say why.`,
  );
}

function isWhole({ info }: Trace): boolean {
  return info?.state === TraceState.TRACE_STATE_OK && info.linkedTraceIds.length > 0;
}
