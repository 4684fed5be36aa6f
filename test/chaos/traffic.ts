import { setTimeout as delay } from "node:timers/promises";
import { createGatewayClient } from "../callers/gateway-client.ts";
import { sendSpans } from "../callers/otlp-sender.ts";
import type { ChaosSystem } from "./chaos-system.ts";
import { makeGrpcCall, makeHttpCall, type SeenCall } from "./make-call.ts";
import { type PlannedCall, plannedCall } from "./planned-call.ts";

/** What was done to a system, and what was seen of it. */
export interface Traffic {
  /** The calls that have ended so far, in the order of their ends. */
  readonly calls: readonly SeenCall[];
  /** The ids of agents' own spans that were acknowledged. */
  readonly acknowledged: ReadonlySet<string>;
  /** Makes no more calls, and waits until those under way have ended and every agent's span is acknowledged. */
  end(): Promise<void>;
}

export interface TrafficOptions {
  readonly seed: number;
  /** How many callers there are; each makes one call after the other. */
  readonly callers: number;
}

/** An exporter tries again and again, as OpenTelemetry's do, but here for ever: what it holds must arrive. */
const EXPORT_RETRY_MS = 250;

/** A caller that did not get through waits before its next call. */
const REFUSED_PAUSE_MS = 200;

/** Starts callers of all kinds, and agents that send their own spans after their calls. */
export function startTraffic(system: ChaosSystem, { seed, callers }: TrafficOptions): Traffic {
  const calls: SeenCall[] = [];
  const acknowledged = new Set<string>();
  const client = createGatewayClient(system.gatewayAddress);
  let next = 0;
  let isEnding = false;

  async function runCaller(): Promise<void> {
    const exports: Promise<void>[] = [];
    while (!isEnding) {
      const planned = plannedCall(seed, next++);
      await delay(planned.pauseMs);
      const startNanos = BigInt(Date.now()) * 1_000_000n;
      const call = await (planned.byGrpc ? makeGrpcCall(client, planned) : makeHttpCall(system.url, planned));
      calls.push(call);
      exports.push(exportSpan(planned, startNanos));
      if (call.traceName === undefined) await delay(REFUSED_PAUSE_MS);
    }
    await Promise.all(exports);
  }

  async function exportSpan({ agent, traceId, spanId }: PlannedCall, startNanos: bigint): Promise<void> {
    if (agent === undefined) return;
    const endNanos = BigInt(Date.now()) * 1_000_000n;
    const span = { traceId, spanId, name: "agent", startNanos, endNanos };
    while (!(await isTaken(system, agent, span))) await delay(EXPORT_RETRY_MS);
    acknowledged.add(spanId);
  }

  const running = Promise.all(Array.from({ length: callers }, runCaller));
  return {
    calls,
    acknowledged,
    async end() {
      isEnding = true;
      await running;
      client[Symbol.dispose]();
    },
  };
}

/** Whether an export was acknowledged with nothing rejected. */
async function isTaken(system: ChaosSystem, ...[way, span]: ExportArguments): Promise<boolean> {
  try {
    return (await sendSpans(system, way, [span])) === 0n;
  } catch {
    // Nobody was there, or said to come again.
    return false;
  }
}

type ExportArguments = readonly [way: Parameters<typeof sendSpans>[1], span: Parameters<typeof sendSpans>[2][number]];
