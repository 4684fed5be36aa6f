import { sumOfCosts, sumOfUsages } from "#lib/spans/usage.ts";
import type { Cost, Usage } from "#proto/twinspan/trace/v1/usage.ts";
import type { SpanRow } from "../spans/span-row.ts";

/** What a trace's calls came to, each counted once. */
export interface TraceTotals {
  /** Undefined: no tokens are known. */
  readonly usage: Usage | undefined;
  /** Undefined: no cost is known. */
  readonly cost: Cost | undefined;
}

/**
 * The totals of a trace, from the set of its rows alone (tracing.md §6).
 *
 * - In a full trace: the attempts, which is what was billed.
 * - In an agent's trace: each mirror, by its gateway span; and each model call of the agent's own that no mirror is the
 *   twin of and that lies under no other call that counts.
 */
export function totalsOf(rows: readonly SpanRow[]): TraceTotals {
  const counted = countedRowsOf(rows);
  const cost = sumOfCosts(counted.map((row) => row.cost));
  return {
    usage: sumOfUsages(counted.map(({ usage }) => usage)),
    cost: cost && {
      ...cost,
      inputNanoUsd: within64Bits(cost.inputNanoUsd),
      outputNanoUsd: within64Bits(cost.outputNanoUsd),
      totalNanoUsd: within64Bits(cost.totalNanoUsd),
    },
  };
}

/** Thousands of calls of a million dollars each, which anyone may claim, are more than a message can say. */
function within64Bits(nanoUsd: bigint): bigint {
  const max = 2n ** 63n - 1n;
  return nanoUsd < max ? nanoUsd : max;
}

function countedRowsOf(rows: readonly SpanRow[]): readonly SpanRow[] {
  const attempts = rows.filter(({ origin }) => origin === "full-attempt");
  if (attempts.length > 0) return attempts;
  const mirrors = rows.filter(({ origin }) => origin === "mirror-gateway");
  const calls = rows.filter((row) => row.origin === "agent" && row.llm && hasTotals(row));
  if (calls.length === 0) return mirrors;
  const parents = new Map(rows.map((row) => [row.spanId, row]));
  const mirrored = mirroredCallsOf(calls, mirrors, rows, parents);
  const own = new Set(calls.filter((call) => !mirrored.has(call)));
  const outermost = [...own].filter((call) => !ancestorsOf(call, parents).some((ancestor) => own.has(ancestor)));
  return [...mirrors, ...outermost];
}

/** Ancestors further up than this are not looked at: chains that deep are not written by agents that work. */
const ANCESTORS_MAX = 1000;

function hasTotals({ usage, cost }: SpanRow): boolean {
  return usage !== undefined || cost !== undefined;
}

/**
 * The agent's own calls that are the same call as a mirror: those with the response id of one of its attempts; else
 * those of the same model that are an ancestor or a sibling of the mirror and overlap it in time. A sibling whose
 * response id is known to be another's is another call; an ancestor is not, since frameworks coin ids of their own.
 */
function mirroredCallsOf(
  calls: readonly SpanRow[],
  mirrors: readonly SpanRow[],
  rows: readonly SpanRow[],
  parents: ReadonlyMap<string, SpanRow>,
): ReadonlySet<SpanRow> {
  const attempts = Map.groupBy(
    rows.filter(({ origin }) => origin === "mirror-attempt"),
    ({ parentId }) => parentId,
  );
  const byResponseId = Map.groupBy(calls, ({ responseId }) => responseId);
  const siblings = Map.groupBy(calls, ({ parentId }) => parentId);
  const isCall = new Set(calls);
  const mirrored = new Set<SpanRow>();
  for (const mirror of mirrors) {
    const mine = attempts.get(mirror.spanId) ?? [];
    const ids = new Set(mine.flatMap(({ responseId }) => responseId ?? []));
    const models = new Set(mine.flatMap(modelsOf));
    const isTwin = (call: SpanRow) => overlaps(call, mirror) && modelsOf(call).some((model) => models.has(model));
    const isOther = ({ responseId }: SpanRow) => responseId !== undefined && ids.size > 0 && !ids.has(responseId);
    for (const id of ids) for (const call of byResponseId.get(id) ?? []) mirrored.add(call);
    for (const call of ancestorsOf(mirror, parents)) if (isCall.has(call) && isTwin(call)) mirrored.add(call);
    for (const call of siblings.get(mirror.parentId) ?? []) if (isTwin(call) && !isOther(call)) mirrored.add(call);
  }
  return mirrored;
}

function modelsOf({ requestModel, responseModel }: SpanRow): readonly string[] {
  return [requestModel, responseModel].filter((model) => model !== undefined);
}

function overlaps(a: SpanRow, b: SpanRow): boolean {
  return a.startNs <= b.endNs && b.startNs <= a.endNs;
}

/** The ancestors that are there, nearest first. Parents that form a ring, which agents can send, end it. */
function ancestorsOf(row: SpanRow, parents: ReadonlyMap<string, SpanRow>): readonly SpanRow[] {
  const ancestors = new Set<SpanRow>();
  let next = row.parentId === undefined ? undefined : parents.get(row.parentId);
  while (next !== undefined && next !== row && !ancestors.has(next) && ancestors.size < ANCESTORS_MAX) {
    ancestors.add(next);
    next = next.parentId === undefined ? undefined : parents.get(next.parentId);
  }
  return [...ancestors];
}
