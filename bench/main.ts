import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type MeasuredProcess, startProcess } from "./processes.ts";
import { type ModeFigures, reportOf } from "./report.ts";
import { type Mode, medianRoundOf, type Round, runRound, type Target } from "./rounds.ts";

/** Ports of their own, so that a `make up` may go on beside. */
const PORTS = {
  ingress: 9080,
  gateway: 9001,
  gatewayOps: 9011,
  traceWriter: 9002,
  traceWriterOps: 9012,
  provider: 9003,
};
const MODES: readonly Mode[] = [1, 8, 64].flatMap((concurrency) => [
  { name: "plain", concurrency } as const,
  { name: "stream", concurrency } as const,
]);
const TARGETS: readonly Target[] = [
  { name: "direct", origin: `http://127.0.0.1:${PORTS.provider}`, model: "echo-1", withContext: false },
  { name: "untraced", origin: `http://127.0.0.1:${PORTS.ingress}`, model: "untraced", withContext: true },
  { name: "traced", origin: `http://127.0.0.1:${PORTS.ingress}`, model: "traced", withContext: true },
];

const seconds = Number(process.env["BENCH_SECONDS"] ?? 4);
const roundsOfEach = Number(process.env["BENCH_ROUNDS"] ?? 3);
const directory = mkdtempSync(join(tmpdir(), "twinspan-bench-"));
try {
  const figures = await measure();
  writeFileSync("docs/performance.md", reportOf(figures, seconds, roundsOfEach, new Date().toISOString().slice(0, 10)));
  say("written: docs/performance.md");
} finally {
  rmSync(directory, { recursive: true });
}

async function measure(): Promise<readonly ModeFigures[]> {
  await using processes = new AsyncDisposableStack();
  const config = join(directory, "twinspan.yaml");
  writeFileSync(config, configText());
  const start = async (name: string, args: readonly string[], readyUrl: string): Promise<MeasuredProcess> =>
    processes.use(
      await startProcess(name, args, { TWINSPAN_CONFIG: config }, readyUrl, join(directory, `${name}.log`)),
    );
  const ready = (port: number) => `http://127.0.0.1:${port}/readyz`;
  const provider = `127.0.0.1:${PORTS.provider}`;
  await start("provider", ["examples/scripted-provider/main.ts", provider], `http://${provider}/v1/models`);
  const services = [
    await start("trace-writer", ["services/trace-writer/main.ts"], ready(PORTS.traceWriterOps)),
    await start("gateway", ["services/gateway/main.ts"], ready(PORTS.gatewayOps)),
    await start("ingress", ["services/ingress/main.ts"], ready(PORTS.ingress)),
  ];
  for (const target of TARGETS) await runRound(target, { name: "plain", concurrency: 8 }, 2, services, outboxIsEmpty);

  const all: ModeFigures[] = [];
  for (const mode of MODES) {
    const rounds: Round[] = [];
    for (let turn = 0; turn < roundsOfEach; turn += 1) {
      for (const target of TARGETS) rounds.push(await runRound(target, mode, seconds, services, outboxIsEmpty));
    }
    const median = (name: string) => medianRoundOf(rounds.filter(({ target }) => target === name));
    const figures = { mode, direct: median("direct"), untraced: median("untraced"), traced: median("traced") };
    const rates = [figures.direct, figures.untraced, figures.traced].map((round) => round.requestsPerSecond.toFixed(0));
    say(`${mode.name} × ${mode.concurrency}: direct ${rates[0]}/s, off ${rates[1]}/s, on ${rates[2]}/s`);
    all.push(figures);
  }
  return all;
}

/** Waits until every record has reached the trace-writer. */
async function outboxIsEmpty(): Promise<void> {
  for (let quiet = 0; quiet < 2; ) {
    const metrics = await (await fetch(`http://127.0.0.1:${PORTS.gatewayOps}/metrics`)).text();
    quiet = /^twinspan_outbox_records 0$/m.test(metrics) ? quiet + 1 : 0;
    await delay(150);
  }
}

function configText(): string {
  const model = "{ provider: scripted, model: echo-1, price: { inputPerMillion: 1, outputPerMillion: 2 } }";
  return `
log: { level: warn }
ingress: { listen: "127.0.0.1:${PORTS.ingress}", gateway: "127.0.0.1:${PORTS.gateway}", traceWriter: "127.0.0.1:${PORTS.traceWriter}" }
gateway:
  listen: "127.0.0.1:${PORTS.gateway}"
  ops: "127.0.0.1:${PORTS.gatewayOps}"
  traceWriter: "127.0.0.1:${PORTS.traceWriter}"
  outbox: { path: "${join(directory, "outbox.db")}" }
traceWriter:
  listen: "127.0.0.1:${PORTS.traceWriter}"
  ops: "127.0.0.1:${PORTS.traceWriterOps}"
  store: { sqlite: { path: "${join(directory, "traces.db")}" } }
providers: { scripted: { baseUrl: "http://127.0.0.1:${PORTS.provider}/v1", allowAddresses: ["127.0.0.1"] } }
endpoints:
  - { name: traced, models: [${model}] }
  - { name: untraced, tracing: "off", models: [${model}] }
`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
