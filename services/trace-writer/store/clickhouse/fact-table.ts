import type { NamedExperiment, SpanRow } from "../../core/spans/span-row.ts";
import type { Connection } from "./connection.ts";
import {
  FACT_KINDS,
  type Fact,
  type FactContent,
  type FactKind,
  type FactName,
  type ListPlace,
  PENDING_ID,
  packContent,
  unpackContent,
} from "./fact.ts";
import { type RowReader, RowWriter } from "./row-binary.ts";
import { isOneOf, type TraceId, traceKeyOf } from "./trace-key.ts";
import { TraceState } from "./trace-state.ts";

/** A fact as it is stored. */
export interface FactRow extends TraceId, FactName {
  readonly home: string;
  readonly listed: ListPlace | undefined;
  readonly content: FactContent<SpanRow>;
  /** The experiment that was named with it. */
  readonly experiment: NamedExperiment | undefined;
  readonly bytes: Uint8Array;
  readonly payload: Uint8Array;
}

/** The facts that were written, and what they come to. */
export interface FactTable {
  /** What each trace comes to, from one moment. Those of which nothing was ever said are empty. */
  states(traces: readonly TraceId[]): Promise<ReadonlyMap<string, TraceState>>;
  /** The names of all facts of traces. */
  names(traces: readonly TraceId[]): Promise<ReadonlyMap<string, readonly KindedName[]>>;
  /** Adds facts, all at once. */
  insert(rows: readonly FactRow[]): Promise<void>;
  /** The bytes of facts of a trace, and with `withPayload` the payload of its record. */
  bytesOf(trace: TraceId, chunks: readonly bigint[], withPayload: boolean): Promise<ReadonlyMap<bigint, ChunkBytes>>;
  /** The bytes of all facts of traces, and with `withPayload` the payloads of their records, by trace and id. */
  bytesOfAll(
    traces: readonly TraceId[],
    withPayload: boolean,
  ): Promise<ReadonlyMap<string, ReadonlyMap<bigint, ChunkBytes>>>;
}

/** A fact's name, with what kind of fact it is. */
export interface KindedName extends FactName {
  readonly kind: FactKind;
}

/** What lists do not need of a fact. */
export interface ChunkBytes {
  readonly bytes: Buffer;
  readonly payload: Buffer;
}

const COLUMNS = [
  "workspace",
  "trace_id",
  "kind",
  "fact_id",
  "version",
  "home",
  "listed_experiment",
  "listed_start",
  "experiment_id",
  "experiment_name",
  "about",
  "stored_bytes",
] as const;
/** A trace that its writer lists nowhere. */
const NOWHERE = -2n;

/** The table of facts. */
export function openFactTable(connection: Connection): FactTable {
  return {
    async states(traces) {
      const states = new Map(
        traces.map((trace) => [traceKeyOf(trace), new TraceState(trace.workspace, trace.traceId)]),
      );
      if (traces.length === 0) return states;
      const { sql, values } = isOneOf(traces);
      const query = `SELECT ${COLUMNS.join(", ")} FROM facts WHERE ${sql} ORDER BY version, fact_id`;
      await connection.query(query, values, (reader) => {
        const { trace, fact } = readFact(reader);
        if (fact !== undefined) states.get(traceKeyOf(trace))?.absorb(fact);
      });
      return states;
    },
    async names(traces) {
      const names = new Map(traces.map((trace) => [traceKeyOf(trace), noNames()]));
      const { sql, values } = isOneOf(traces);
      const query = `SELECT workspace, trace_id, kind, fact_id, version FROM facts WHERE ${sql}`;
      await connection.query(query, values, (reader) => {
        const trace = { workspace: reader.text(), traceId: reader.id(16) };
        const kind = kindOf(reader.uint8());
        names.get(traceKeyOf(trace))?.push({ kind, id: reader.uint64(), version: reader.uint64() });
      });
      return names;
    },
    async insert(rows) {
      if (rows.length === 0) return;
      const writer = new RowWriter(
        rows.reduce((sum, { bytes, payload }) => sum + bytes.length + payload.length + 1024, 0),
      );
      for (const row of rows) writeFact(writer, row);
      await connection.insert("facts", [...COLUMNS, "bytes", "payload"], writer.finish());
    },
    async bytesOf({ workspace, traceId }, chunks, withPayload) {
      const found = new Map<bigint, ChunkBytes>();
      if (chunks.length === 0) return found;
      await connection.query(
        `SELECT fact_id, bytes, ${withPayload ? "payload" : "''"} FROM facts
        WHERE workspace = {workspace:String} AND trace_id = unhex({traceId:String}) AND fact_id IN (${chunks.join()})
        ORDER BY version`,
        { workspace, traceId },
        (reader) => found.set(reader.uint64(), { bytes: reader.bytes(), payload: reader.bytes() }),
      );
      return found;
    },
    async bytesOfAll(traces, withPayload) {
      const found = new Map(traces.map((trace) => [traceKeyOf(trace), noBytes()]));
      const { sql, values } = isOneOf(traces);
      const columns = `workspace, trace_id, fact_id, bytes, ${withPayload ? "payload" : "''"}`;
      const query = `SELECT ${columns} FROM facts WHERE ${sql} ORDER BY version`;
      await connection.query(query, values, (reader) => {
        const trace = { workspace: reader.text(), traceId: reader.id(16) };
        found.get(traceKeyOf(trace))?.set(reader.uint64(), { bytes: reader.bytes(), payload: reader.bytes() });
      });
      return found;
    },
  };
}

function noBytes(): Map<bigint, ChunkBytes> {
  return new Map();
}

function noNames(): KindedName[] {
  return [];
}

function readFact(reader: RowReader): { readonly trace: TraceId; readonly fact: Fact | undefined } {
  const trace = { workspace: reader.text(), traceId: reader.id(16) };
  const kind = kindOf(reader.uint8());
  const [id, version, home] = [reader.uint64(), reader.uint64(), reader.id(16)];
  const listed = { experimentId: reader.int64(), startNs: reader.int64() };
  const experiment = { id: reader.int64(), name: reader.text() };
  const content = unpackContent(kind, reader.bytes(), experiment.id === PENDING_ID ? undefined : experiment);
  const storedBytes = reader.uint64();
  const isListed = listed.experimentId !== NOWHERE;
  const fact = content && { id, version, home, listed: isListed ? listed : undefined, content, storedBytes };
  return { trace, fact };
}

function writeFact(writer: RowWriter, row: FactRow): void {
  const { listed, bytes, payload } = row;
  writer.text(row.workspace).id(row.traceId);
  writer.uint8(FACT_KINDS.indexOf(row.content.kind) + 1);
  writer.uint64(row.id).uint64(row.version).id(row.home);
  writer.int64(listed?.experimentId ?? NOWHERE).int64(listed?.startNs ?? 0n);
  writer.int64(row.experiment?.id ?? PENDING_ID).text(row.experiment?.name ?? "");
  writer.bytes(packContent(row.content));
  writer.uint64(BigInt(bytes.length + payload.length));
  writer.bytes(bytes).bytes(payload);
}

function kindOf(place: number): FactKind {
  const kind = FACT_KINDS[place - 1];
  if (kind === undefined) throw new Error(`facts.kind holds ${place}`);
  return kind;
}
