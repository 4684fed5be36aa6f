import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { Client } from "@grpc/grpc-js";
import { channelCredentials, channelOptions } from "#lib/rpc/client.ts";
import {
  TraceWriterServiceService,
  WriteInvocationsResponse,
  WriteOutcome,
} from "#proto/twinspan/trace/v1/trace_writer_service.ts";
import { type MeasuredProcess, startProcess } from "./processes.ts";
import { sampleRecord } from "./sample-records.ts";

/*
 * `make bench-store`: how many records a second the trace-writer takes over gRPC, and what a record costs it, main thread
 * and writer together. Each round sends what it has prepared beforehand, several requests at a time.
 */

/** Ports of their own, so that a `make up` may go on beside. */
const LISTEN = "127.0.0.1:9102";
const OPS = "127.0.0.1:9112";
/** Records a request, how many requests are under way at once, and how many records a round sends. */
const ROUNDS = [
  { name: "warm-up", batch: 100, atOnce: 2, records: 6_000 },
  { name: "one by one", batch: 1, atOnce: 1, records: 500 },
  { name: "one by one, 64 at once", batch: 1, atOnce: 64, records: 4_000 },
  { name: "tens", batch: 10, atOnce: 1, records: 6_000 },
  { name: "hundreds", batch: 100, atOnce: 1, records: 10_000 },
  { name: "hundreds, 4 at once", batch: 100, atOnce: 4, records: 10_000 },
] as const;
type Round = (typeof ROUNDS)[number];
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
const CALL_MS = 30_000;
/** `records` of WriteInvocationsRequest: field 1, length-delimited. */
const RECORDS_TAG = (1 << 3) | 2;
const START_NANOS = 1_780_000_000_000_000_000n;

const directory = mkdtempSync(join(tmpdir(), "twinspan-bench-store-"));
try {
  await measure();
} finally {
  rmSync(directory, { recursive: true });
}

async function measure(): Promise<void> {
  const config = join(directory, "twinspan.yaml");
  writeFileSync(
    config,
    `
log: { level: warn }
traceWriter: { listen: "${LISTEN}", ops: "${OPS}", store: { sqlite: { path: "${join(directory, "traces.db")}" } } }
`,
  );
  await using service = await startProcess(
    "trace-writer",
    [...(process.env["BENCH_NODE_ARGS"]?.split(" ") ?? []), "services/trace-writer/main.ts"],
    { TWINSPAN_CONFIG: config },
    `http://${OPS}/readyz`,
    join(directory, "trace-writer.log"),
  );
  const client = new Client(LISTEN, channelCredentials(), channelOptions(ANSWER_BYTES_MAX));
  say("| round | records a request | requests at once | records /s | processor time a record, ms |");
  say("|---|---|---|---|---|");
  for (const round of ROUNDS) say(await run(round, service, client));
  client.close();
}

async function run(round: Round, service: MeasuredProcess, client: Client): Promise<string> {
  const requests = Array.from({ length: round.records / round.batch }, (_, index) => requestOf(round.batch, index));
  const cpuBefore = service.cpuSeconds();
  const start = performance.now();
  const lane = async () => {
    for (let request = requests.pop(); request !== undefined; request = requests.pop()) await send(client, request);
  };
  await Promise.all(Array.from({ length: round.atOnce }, lane));
  const rate = (round.records / (performance.now() - start)) * 1000;
  const cpuMs = ((service.cpuSeconds() - cpuBefore) / round.records) * 1000;
  return `| ${round.name} | ${round.batch} | ${round.atOnce} | ${rate.toFixed(0)} | ${cpuMs.toFixed(3)} |`;
}

function requestOf(records: number, index: number): Buffer {
  const writer = new BinaryWriter();
  const start = START_NANOS + BigInt(index) * 1_000_000_000n;
  for (let place = 0; place < records; place += 1)
    writer.uint32(RECORDS_TAG).bytes(sampleRecord(start + BigInt(place)));
  return Buffer.from(writer.finish());
}

function send(client: Client, request: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      TraceWriterServiceService.writeInvocations.path,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => WriteInvocationsResponse.decode(bytes),
      request,
      { deadline: Date.now() + CALL_MS },
      (error, answer) => {
        const refused = answer?.results.find(({ outcome }) => outcome !== WriteOutcome.WRITE_OUTCOME_STORED);
        if (error !== null) reject(error);
        else if (refused !== undefined) reject(new Error(`a record was not stored: ${refused.reason}`));
        else resolve();
      },
    );
  });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
