import type { Checked } from "./check.ts";
import type { Coefficients } from "./coefficients.ts";
import type { Size } from "./model.ts";
import type { PipelineOutcome } from "./simulation/pipeline.ts";
import type { Workload } from "./workload.ts";

/** What a system needs, a column for each workload. */
export function sizeTable(columns: readonly { readonly load: Workload; readonly size: Size }[]): string {
  const row = (what: string, of: (size: Size, load: Workload) => string) => [
    what,
    ...columns.map(({ load, size }) => of(size, load)),
  ];
  return tableOf([
    ["calls a second", ...columns.map(({ load }) => countText(load.rate))],
    row("ingress: processes, cores used", ({ ingress }) => `${countText(ingress.copies)}, ${coresText(ingress.cores)}`),
    row("gateway: processes, cores used", ({ gateway }) => `${countText(gateway.copies)}, ${coresText(gateway.cores)}`),
    row(
      "trace-writer: processes, cores used",
      ({ traceWriter }) => `${countText(traceWriter.copies)}, ${coresText(traceWriter.cores)}`,
    ),
    row(
      "memory of a process: ingress, gateway",
      ({ ingress, gateway }) => `${bytesText(ingress.memoryBytes)}, ${bytesText(gateway.memoryBytes)}`,
    ),
    row("calls under way at once", ({ underWay }) => countText(underWay)),
    row(
      "Exchange streams in all; of a gateway",
      ({ streams, gateway }) => `${countText(streams)}; ${countText(streams / gateway.copies)}`,
    ),
    row(
      "store: servers, cores used",
      ({ storeServers, storeCores }) =>
        `${countText(storeServers)}, ${storeCores === 0 ? "the trace-writer's" : coresText(storeCores)}`,
    ),
    row("store: batches a second", ({ batchesPerSecond }) => countText(batchesPerSecond)),
    row(
      "store: a day; kept",
      ({ storeBytesPerDay, storeBytes }) => `${bytesText(storeBytesPerDay)}; ${bytesText(storeBytes)}`,
    ),
    row(
      "outbox of a gateway: a second; an hour's outage",
      ({ outboxBytesPerSecond, outboxBytes }) => `${bytesText(outboxBytesPerSecond)}; ${bytesText(outboxBytes)}`,
    ),
    row(
      "network: each hop of a call; to the store's writers",
      ({ network }) => `${bitsText(network.gateway)}; ${bitsText(network.traceWriter)}`,
    ),
    row("Redis servers, where limits are shared", ({ redisServers }) => countText(redisServers)),
  ]);
}

/** What the simulation of each of these came to. */
export function simulationTable(
  columns: readonly { readonly load: Workload; readonly told: PipelineOutcome }[],
): string {
  const row = (what: string, of: (told: PipelineOutcome) => string) => [what, ...columns.map(({ told }) => of(told))];
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  return tableOf([
    ["calls a second", ...columns.map(({ load }) => countText(load.rate))],
    row(
      "answered; stored a second",
      ({ perSecond, storedPerSecond }) => `${countText(perSecond)}; ${countText(storedPerSecond)}`,
    ),
    row(
      "busy: ingress, gateway, trace-writer",
      ({ busy }) => `${percent(busy.ingress)}, ${percent(busy.gateway)}, ${percent(busy.traceWriter)}`,
    ),
    row("added to a call, ms: p50; p99", ({ addedMs }) => `${addedMs.p50.toFixed(1)}; ${addedMs.p99.toFixed(1)}`),
    row("records in a batch", ({ recordsPerBatch }) => recordsPerBatch.toFixed(1)),
    row(
      "records waiting: half-way; at the end",
      ({ waitingRecords }) => `${countText(waitingRecords.half)}; ${countText(waitingRecords.end)}`,
    ),
  ]);
}

/** The simulation held against what was measured. */
export function checkTable(rows: readonly Checked[]): string {
  return tableOf([
    ["mode", "figure", "measured", "simulated", "off by"],
    ...rows.map(({ mode, what, measured, simulated }) => [
      mode,
      what,
      figureText(measured),
      figureText(simulated),
      `${Math.round((simulated / measured - 1) * 100)} %`,
    ]),
  ]);
}

/** Every coefficient with its source. */
export function coefficientTable(known: Coefficients): string {
  const rows: string[][] = [["coefficient", "is", "from"]];
  const add = (path: string, node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    if ("value" in node && "unit" in node && "source" in node)
      rows.push([path, `${node.value} ${node.unit}`, `${node.source}`]);
    else for (const [name, below] of Object.entries(node)) add(path === "" ? name : `${path}.${name}`, below);
  };
  add("", known);
  return tableOf(rows);
}

/** Rows as Markdown, the first as its head. */
function tableOf([head = [], ...rows]: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function countText(count: number): string {
  const digits = count < 10 && !Number.isInteger(count) ? 1 : 0;
  return count.toLocaleString("en-US", { maximumFractionDigits: digits });
}

function coresText(cores: number): string {
  return cores < 10 ? cores.toFixed(1) : countText(Math.round(cores));
}

function figureText(value: number): string {
  return value >= 100 ? countText(Math.round(value)) : value.toFixed(2);
}

function bytesText(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB", "PB"];
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

function bitsText(bytesPerSecond: number): string {
  return bytesText(bytesPerSecond * 8).replace("B", "bit/s");
}
