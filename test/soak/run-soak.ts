import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type ChaosSystem, type Part, startChaosSystem } from "../chaos/chaos-system.ts";
import { startTraffic } from "../chaos/traffic.ts";
import { prepareProbes, type Sample, sampleOf } from "./sample.ts";

/** The services, whose memory is looked at. */
export const SERVICES = ["ingress", "gateway", "trace-writer"] as const;
export type Service = (typeof SERVICES)[number];

export interface SoakOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly say: (line: string) => void;
}

/** What a soak came to. */
export interface SoakOutcome {
  readonly seconds: number;
  readonly calls: number;
  /** The samples that were taken once the services were warm, at equal distances. */
  readonly samples: Readonly<Record<Service, readonly Sample[]>>;
}

const CALLERS = 8;
const SAMPLES = 60;
const SAMPLE_EVERY_MS_MIN = 2_000;
/** What comes first is compiling, and caches that fill up. */
const WARM_UP_SHARE = 0.25;
/** So little stays stored, and so little of it in memory, that both are full before the first sample. */
const TRACE_WRITER = {
  retention: { tracesMax: 500, pending: { tracesMax: 500 }, everyMs: 1_000 },
  cacheBytes: 8 * 1024 * 1024,
};

/** Lets callers and agents of all kinds use a system that is well, and looks at what its processes hold meanwhile. */
export async function runSoak({ seed, seconds, say }: SoakOptions): Promise<SoakOutcome> {
  await using owned = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), "twinspan-soak-"));
  owned.defer(() => rmSync(directory, { recursive: true }));
  const probesOf = (part: Part) => join(directory, part);
  const system = owned.use(
    await startChaosSystem({
      diskBytes: undefined,
      traceWriter: { retention: TRACE_WRITER.retention },
      storeCacheBytes: TRACE_WRITER.cacheBytes,
      preload: [new URL("./thread-probe.ts", import.meta.url).href],
      nodeOptions: ["--expose-gc"],
      environmentOf: (part) => {
        prepareProbes(probesOf(part));
        return { SOAK_PROBES: probesOf(part) };
      },
    }),
  );
  const traffic = startTraffic(system, { seed, callers: CALLERS });
  say(`warming up for ${Math.round(seconds * WARM_UP_SHARE)} s`);
  await delay(seconds * WARM_UP_SHARE * 1000);
  const samples = await samplesOf(system, probesOf, seconds * (1 - WARM_UP_SHARE) * 1000, say);
  await traffic.end();
  return { seconds, calls: traffic.calls.length, samples };
}

async function samplesOf(
  { parts }: ChaosSystem,
  probesOf: (part: Part) => string,
  durationMs: number,
  say: (line: string) => void,
): Promise<Readonly<Record<Service, readonly Sample[]>>> {
  const samples: Record<Service, Sample[]> = { ingress: [], gateway: [], "trace-writer": [] };
  const everyMs = Math.max(SAMPLE_EVERY_MS_MIN, durationMs / SAMPLES);
  const startMs = performance.now();
  for (let number = 1; performance.now() - startMs < durationMs; number += 1) {
    for (const service of SERVICES) samples[service].push(await sampleOf(parts[service], probesOf(service), number));
    if (number % 10 === 0) {
      const heaps = SERVICES.map(
        (service) => `${service} ${((samples[service].at(-1)?.heapBytes ?? 0) / 1e6).toFixed(1)} MB`,
      );
      say(`${Math.round((performance.now() - startMs) / 1000)} s: ${heaps.join(", ")}`);
    }
    await delay(Math.max(0, startMs + number * everyMs - performance.now()));
  }
  return samples;
}
