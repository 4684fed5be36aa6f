import type { ReadSummary, StoreFigures, WriteFigures } from "./figures.ts";

/** `docs/performance-store.md`: the figures of the last run of each store, and how they came about. */
export function storeReportOf(stores: readonly StoreFigures[]): string {
  return `# What the stores take and give

Written by \`make bench-store\` (\`STORE=\` for another store, \`N=1000000\` for so many traces). Everything goes through the
trace-writer's gRPC. Load and trace-writer share the machine's processors, so the ratios hold and the absolutes do not.

- A record has four spans, two of a full trace and two of a mirror, and 8 KB of payload; an agent's trace has four spans
  with 2 KB of payload each. zstd makes 41 % of that text. Ids are random, times are spread over 30 days, five calls
  share a session.
- Requests are made ready and sent by a process of its own, several at once; what it takes is not the trace-writer's.
- Processor time is the trace-writer's, all threads, decoding and checking included.
- PostgreSQL at \`POSTGRES_URL\` and ClickHouse at \`CLICKHOUSE_URL\` are used where those are set. Else they are what
  the tests start: a PostgreSQL that waits for no disk, and ClickHouse's engine without its server: their ratios hold,
  and no more.
- Reads are asked one after the other, over everything that was written: from the question to the last byte of the
  answer; once alone, and once while 1,000 records, 4,000 spans, are written a second. The first 50 of a kind do not
  count: both sides are compiled by then. Who asks has room to collect what answers were made of seldom, so that a pause
  among the slowest reads is the trace-writer's.
${stores.map(sectionOf).join("")}`;
}

function sectionOf(figures: StoreFigures): string {
  const { store, machine, date, traces, bytesOnDisk, payloadBytes } = figures;
  const filling =
    figures.filling.length === 0
      ? ""
      : `\n### Until there were ${traces} traces\n\n${writesTable("already there", figures.filling)}`;
  return `
## ${store}

${machine}; ${date}.

${writesTable("what", figures.writes)}${filling}
### On the disk

${traces} traces take ${(bytesOnDisk / 1e6).toFixed(0)} MB: ${(bytesOnDisk / traces).toFixed(0)} bytes a trace, ${(bytesOnDisk / payloadBytes).toFixed(2)} of the bytes of their payload.

### Reads over ${traces} traces, ms

${readsTable(figures.quiet, figures.busy)}`;
}

function writesTable(first: string, rows: readonly WriteFigures[]): string {
  const lines = rows.map(
    ({ name, batch, lanes, messages, spansPerSecond, cpuMs }) =>
      `| ${[name, batch, lanes, messages, spansPerSecond.toFixed(0), cpuMs.toFixed(3)].join(" | ")} |`,
  );
  return `| ${first} | a request | at once | written | spans/s | processor time each, ms |
|---|---|---|---|---|---|
${lines.join("\n")}
`;
}

function readsTable(quiet: readonly ReadSummary[], busy: readonly ReadSummary[]): string {
  const lines = quiet.map((row) => {
    const other = busy.find(({ name }) => name === row.name);
    const cells = [row, other].flatMap((read) => [read?.p50Ms.toFixed(2) ?? "–", read?.p99Ms.toFixed(2) ?? "–"]);
    return `| ${[row.name, ...cells].join(" | ")} |`;
  });
  return `| what | p50 | p99 | p50 under writes | p99 under writes |
|---|---|---|---|---|
${lines.join("\n")}
`;
}
