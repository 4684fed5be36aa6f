import { type Trace, TraceView } from "#proto/twinspan/trace/v1/trace.ts";
import { attributeOf, spansOf } from "../traces/stored-traces.ts";
import { CHAT_ENDPOINTS } from "./chaos-endpoints.ts";
import type { ChaosSystem } from "./chaos-system.ts";
import { compareTwins } from "./compare-twins.ts";
import { Findings } from "./findings.ts";
import type { SeenCall } from "./make-call.ts";
import type { ShedCount } from "./shed-count.ts";
import type { Traffic } from "./traffic.ts";

/** What is stored, held against what callers saw. */
export interface Audit {
  readonly calls: number;
  /** Calls that got their terminal event. */
  readonly well: number;
  /** Of those, the ones that are stored. */
  readonly wellStored: number;
  /** Records that were given up, and counted, since the outbox was full. */
  readonly shed: number;
  /** Full traces that are stored, of whatever calls. */
  readonly stored: number;
  /** Mirrors that are stored. */
  readonly mirrors: number;
  /** Calls in flight that a gateway's death interrupted, and that are stored as such. */
  readonly interrupted: number;
  /** Agents' own spans that were acknowledged. */
  readonly agentSpans: number;
  readonly findings: Findings;
}

const READERS = 8;

/** Reads everything that is stored, and compares it with what callers saw, both ways. */
export async function auditOf(system: ChaosSystem, traffic: Traffic, shed: ShedCount): Promise<Audit> {
  const { calls, acknowledged } = traffic;
  const findings = new Findings();
  const read = (traceId: string) => system.stored.find(traceId, TraceView.TRACE_VIEW_FULL);
  const fullNames = await fullTracesByCall(system, calls, findings);
  const byAgent = Map.groupBy(calls, ({ planned }) => planned.traceId);
  const counts = { well: 0, wellStored: 0, mirrors: 0, interrupted: 0 };
  /** Calls whose callers were told the name of a trace that is not there. */
  const missing: SeenCall[] = [];

  await inParallel([...byAgent], async ([traceId, made]) => {
    const agent = await read(traceId);
    const known = new Set<string>();
    for (const call of made) {
      const name = fullNames.get(call.planned.id);
      const full = name === undefined ? undefined : await read(name);
      const mirror = compareTwins({ call, full, agent }, findings);
      for (const { spanId } of mirror) known.add(spanId.toString("hex"));
      if (mirror.length > 0) counts.mirrors += 1;
      if (full !== undefined && isInterrupted(full)) {
        counts.interrupted += 1;
        if (call.isWell) findings.add("half", `${call.planned.id} ended well and is interrupted`);
      }
      if (call.isWell) counts.well += 1;
      if (call.isWell && full !== undefined) counts.wellStored += 1;
      if (call.traceName !== undefined && full === undefined) missing.push(call);
    }
    compareAgentSpans(made, agent, { known, acknowledged }, findings);
  });

  // A gateway that dies between naming a trace and noting its call leaves none: that caller had no answer yet.
  const answered = missing.filter(({ status }) => status === 200);
  for (const call of answered.slice(shed.records)) findings.add("unaccounted", wordsOf(call));
  findings.add("shed", "more than are missing", Math.max(0, shed.records - missing.length));
  findings.add("shed", "for another reason than a full outbox", shed.otherwise);
  const ours = new Set([...fullNames.values(), ...Array.from(byAgent.keys(), (traceId) => `tr-${traceId}`)]);
  for (const id of await system.stored.allIds()) if (!ours.has(id)) findings.add("foreign", `${id} is nobody's`);
  return {
    calls: calls.length,
    ...counts,
    shed: shed.records,
    stored: fullNames.size,
    agentSpans: acknowledged.size,
    findings,
  };
}

/** The full trace of each call, by the session that its caller named. */
async function fullTracesByCall({ stored }: ChaosSystem, calls: readonly SeenCall[], findings: Findings) {
  const ids = new Set(calls.map(({ planned }) => planned.id));
  const names = new Map<string, string>();
  for (const endpoint of CHAT_ENDPOINTS) {
    for (const { metadata, traceId } of await stored.inExperiment(`gateway/${endpoint}`)) {
      const id = metadata["mlflow.trace.session"] ?? "";
      if (names.has(id)) findings.add("doubled", `${id} has ${names.get(id)} and ${traceId}`);
      if (!ids.has(id)) findings.add("foreign", `${traceId} is of nobody's call`);
      names.set(id, traceId);
    }
  }
  return names;
}

/** The agent's own spans: each that was acknowledged is there once, and nothing else is. */
function compareAgentSpans(
  calls: readonly SeenCall[],
  agent: Trace | undefined,
  { known, acknowledged }: { readonly known: ReadonlySet<string>; readonly acknowledged: ReadonlySet<string> },
  findings: Findings,
): void {
  const ids = agent === undefined ? [] : spansOf(agent).map(({ spanId }) => spanId.toString("hex"));
  const own = ids.filter((id) => !known.has(id));
  if (new Set(ids).size !== ids.length) findings.add("doubled", `a span of ${agent?.info?.traceId}`);
  const expected = calls.map(({ planned }) => planned.spanId);
  for (const id of own) if (!expected.includes(id)) findings.add("foreign", `the span ${id} is nobody's`);
  for (const id of expected) if (acknowledged.has(id) && !own.includes(id)) findings.add("lost", `the span ${id}`);
}

function isInterrupted(full: Trace): boolean {
  const [root] = spansOf(full);
  return root !== undefined && attributeOf(root, "error.type") === "interrupted";
}

/** What its caller saw of a call, in a line. */
function wordsOf({ planned, traceName, status, body, isWell }: SeenCall): string {
  const { id, form, asked, byGrpc } = planned;
  const how = `${form}${byGrpc ? " by gRPC" : ""}${asked.stream ? ", a stream" : ""}`;
  return `${id} to ${asked.endpoint} (${how}), told ${traceName}: ${status}, ${body.length} characters, ${isWell ? "well" : "not well"}`;
}

async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const rest = items[Symbol.iterator]();
  await Promise.all(
    Array.from({ length: READERS }, async () => {
      for (const item of rest) await work(item);
    }),
  );
}
