import { expect } from "vitest";
import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { Span_SpanKind, Status_StatusCode } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { type Trace, TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import type { Usage } from "#proto/twinspan/trace/v1/usage.ts";
import { sumOfMetric } from "../../tools/metrics-text.ts";
import { until } from "../../tools/until.ts";
import type { Caller } from "../callers/caller.ts";
import type { Stack } from "../system/stack.ts";
import { expectMlflowReadsTheSame } from "./mlflow-reads.ts";
import { attributeOf, spansOf } from "./stored-traces.ts";

/** What a call's traces must say. */
export interface ExpectedCall {
  readonly endpoint: string;
  /** The `error.type`. Undefined: it went well. */
  readonly errorType?: string;
  /** The `error.type` of each attempt, in order. Default: one attempt that ended as the call did. */
  readonly attempts?: readonly (string | undefined)[];
}

/** A full trace, read as far as tests need it. */
export interface FullTrace {
  readonly trace: Trace;
  readonly root: Span;
  readonly attempts: readonly Span[];
  /** The request and the answer, as stored. Undefined: there is none. */
  readonly inputs: string | undefined;
  readonly outputs: string | undefined;
}

/** Both twins of a call. */
export interface Twins {
  readonly full: FullTrace;
  /** The caller's trace. */
  readonly agent: Trace;
  /** The mirror's gateway span, and its attempts. */
  readonly mirror: readonly [gateway: Span, ...attempts: Span[]];
}

/** Waits for a call's full trace, and checks that it is a whole one of its own (tracing.md §2). */
export async function expectFullTrace(
  stack: Stack,
  traceName: string | undefined,
  expected: ExpectedCall,
): Promise<FullTrace> {
  if (traceName === undefined) throw new Error("the answer named no trace");
  const trace = await stack.stored.get(traceName);
  const spans = spansOf(trace);
  const { endpoint, errorType, attempts: attemptErrors = [errorType] } = expected;
  const [root, ...attempts] = spans;
  if (root === undefined) throw new Error(`${traceName} has no spans`);
  expect(trace.info).toMatchObject({
    traceId: traceName,
    sealed: true,
    name: `gateway/${endpoint}`,
    state: errorType === undefined ? TraceState.TRACE_STATE_OK : TraceState.TRACE_STATE_ERROR,
    spanCount: 1 + attemptErrors.length,
  });
  expect(await stack.stored.experimentName(trace.info?.experimentId ?? "")).toBe(`gateway/${endpoint}`);
  expect(trace.mirrorSpanIds).toEqual([]);
  expect(root).toMatchObject({ name: `gateway/${endpoint}`, kind: Span_SpanKind.SPAN_KIND_SERVER });
  expect(root.parentSpanId).toHaveLength(0);
  expect(spans.map(errorTypeOf)).toEqual([errorType, ...attemptErrors]);
  expectChildrenInside(root, attempts);
  for (const span of spans) expect(`tr-${hex(span.traceId)}`).toBe(traceName);
  // What was billed is the sum over the attempts.
  const billed = sumOf(attempts);
  expect(totalsIn(trace.info?.usage)).toEqual(billed);
  await expectMlflowReadsTheSame(stack.url, trace);
  const inputs = attributeOf(root, "mlflow.spanInputs");
  const outputs = attributeOf(root, "mlflow.spanOutputs");
  return {
    trace,
    root,
    attempts,
    inputs: typeof inputs === "string" ? inputs : undefined,
    outputs: typeof outputs === "string" ? outputs : undefined,
  };
}

/** Checks that a call has its full trace, and a mirror under the caller's span that is its twin (tracing.md §3, §8). */
export async function expectTwins(
  stack: Stack,
  traceName: string | undefined,
  caller: Caller,
  expected: ExpectedCall,
): Promise<Twins> {
  const full = await expectFullTrace(stack, traceName, expected);
  // Both halves become visible together, so the mirror is there already.
  const agent = await stack.stored.find(caller.traceId);
  if (agent === undefined) throw new Error(`${traceName} is there without its mirror in ${caller.traceId}`);
  const mirrored = spansOf(agent).filter(({ spanId }) => agent.mirrorSpanIds.some((id) => id.equals(spanId)));
  const gateways = mirrored.filter(({ links }) => links.some((link) => `tr-${hex(link.traceId)}` === traceName));
  expect(gateways).toHaveLength(1);
  const [gateway] = gateways;
  if (gateway === undefined) throw new Error("no mirror");
  const attempts = mirrored.filter(({ parentSpanId }) => parentSpanId.equals(gateway.spanId));

  expect(hex(gateway.traceId)).toBe(caller.traceId);
  expect(hex(gateway.parentSpanId)).toBe(caller.spanId);
  expectSameCall([full.root, ...full.attempts], [gateway, ...attempts]);
  expectChildrenInside(gateway, attempts);
  expect(totalsOf(gateway)).toEqual(sumOf(attempts));
  for (const span of [gateway, ...attempts]) expectNoPayload(span);

  expect(full.root.links.map(({ traceId, spanId }) => [hex(traceId), hex(spanId)])).toEqual([
    [caller.traceId, hex(gateway.spanId)],
  ]);
  expect(gateway.links.map(({ traceId, spanId }) => [`tr-${hex(traceId)}`, hex(spanId)])).toEqual([
    [traceName, hex(full.root.spanId)],
  ]);
  expect(attributeOf(gateway, "mlflow.gateway.linkedTraceId")).toBe(traceName);
  expect(attributeOf(full.root, "twinspan.caller.trace_id")).toBe(`tr-${caller.traceId}`);
  expect(attributeOf(full.root, "twinspan.caller.span_id")).toBe(caller.spanId);
  expect(full.trace.info?.linkedTraceIds).toEqual([`tr-${caller.traceId}`]);
  expect(agent.info?.linkedTraceIds).toContain(traceName);
  expect(agent.info?.sealed).toBe(false);
  await expectMlflowReadsTheSame(stack.url, agent);
  return { full, agent, mirror: [gateway, ...attempts] };
}

/** The same for a caller who made one call and was not told of its trace, which many SDKs keep to themselves. */
export async function expectTwinsOf(stack: Stack, caller: Caller, expected: ExpectedCall): Promise<Twins> {
  const { info } = await stack.stored.get(caller.traceId);
  expect(info?.linkedTraceIds).toHaveLength(1);
  return expectTwins(stack, info?.linkedTraceIds[0], caller, expected);
}

/** Checks that a call left a full trace and nothing else; `before` is what `stored.allIds()` answered before it. */
export async function expectNoOtherTrace(
  stack: Stack,
  before: ReadonlySet<string>,
  traceNames: readonly (string | undefined)[],
): Promise<void> {
  await untilShipped(stack);
  const after = await stack.stored.allIds();
  expect(new Set([...after].filter((id) => !before.has(id)))).toEqual(new Set(traceNames));
}

/**
 * Waits until every traced call of the gateway's present life has ended, and its record is stored or counted as shed.
 * That the outbox is empty would say less: its figures lag behind by a moment.
 */
export async function untilShipped({ gateway }: Stack, withinMs?: number): Promise<void> {
  await until(
    "every record is shipped",
    async () => {
      const text = await gateway.metrics();
      const traced = sumOfMetric(text, "twinspan_mirrors_total");
      const shed = sumOfMetric(text, 'twinspan_outbox_shed_total{what="record"');
      const shipped = sumOfMetric(text, "twinspan_outbox_shipped_total");
      return sumOfMetric(text, "twinspan_calls_in_flight") === 0 && shipped + shed >= traced;
    },
    withinMs,
  );
}

/** The tokens of a usage that tests compare: input, output and total. Undefined: none are known. */
export function totalsIn(usage: Usage | undefined) {
  if (usage === undefined) return undefined;
  return { input: usage.inputTokens, output: usage.outputTokens, total: usage.totalTokens };
}

function expectSameCall(full: readonly Span[], mirror: readonly Span[]): void {
  const said = (span: Span) => ({
    name: span.name,
    kind: span.kind,
    start: span.startTimeUnixNano,
    end: span.endTimeUnixNano,
    status: span.status?.code,
    errorType: errorTypeOf(span),
  });
  expect(mirror.map(said)).toEqual(full.map(said));
  const attempt = (span: Span) => ({
    totals: totalsOf(span),
    cost: attributeOf(span, "twinspan.cost.total_nano_usd"),
    responseId: attributeOf(span, "gen_ai.response.id"),
    firstToken: attributeOf(span, "gen_ai.response.time_to_first_chunk"),
    status: attributeOf(span, "http.response.status_code"),
    index: attributeOf(span, "twinspan.attempt.index"),
    reason: attributeOf(span, "twinspan.attempt.reason"),
  });
  expect(mirror.slice(1).map(attempt)).toEqual(full.slice(1).map(attempt));
}

function expectChildrenInside(parent: Span, children: readonly Span[]): void {
  for (const child of children) {
    expect(hex(child.parentSpanId)).toBe(hex(parent.spanId));
    expect(child.startTimeUnixNano).toBeGreaterThanOrEqual(parent.startTimeUnixNano);
    expect(child.endTimeUnixNano).toBeGreaterThanOrEqual(child.startTimeUnixNano);
    expect(child.endTimeUnixNano).toBeLessThanOrEqual(parent.endTimeUnixNano);
  }
}

function expectNoPayload(span: Span): void {
  const keys = span.attributes.map(({ key }) => key);
  expect(keys).not.toContain("mlflow.spanInputs");
  expect(keys).not.toContain("mlflow.spanOutputs");
  expect(span).toMatchObject({ events: [], traceState: "" });
  expect(span.status?.message).toBe("");
}

function errorTypeOf(span: Span): string | undefined {
  const word = attributeOf(span, "error.type");
  const isError = span.status?.code === Status_StatusCode.STATUS_CODE_ERROR;
  expect(isError).toBe(word !== undefined);
  return word === undefined ? undefined : String(word);
}

/** Tokens of a span, or of several together. Embeddings have no output. */
interface Totals {
  readonly input: bigint;
  readonly output: bigint | undefined;
  readonly total: bigint;
}

/** Undefined: the span says nothing of tokens. */
function totalsOf(span: Span): Totals | undefined {
  const input = attributeOf(span, "gen_ai.usage.input_tokens");
  const said = attributeOf(span, "gen_ai.usage.output_tokens");
  if (typeof input !== "bigint") return undefined;
  const output = typeof said === "bigint" ? said : undefined;
  return { input, output, total: input + (output ?? 0n) };
}

function sumOf(spans: readonly Span[]): Totals | undefined {
  return spans
    .map(totalsOf)
    .filter((totals) => totals !== undefined)
    .reduce<Totals | undefined>((sum, { input, output, total }) => {
      const outputs = [sum?.output, output].filter((tokens) => tokens !== undefined);
      return {
        input: (sum?.input ?? 0n) + input,
        output: outputs.length > 0 ? outputs.reduce((one, other) => one + other) : undefined,
        total: (sum?.total ?? 0n) + total,
      };
    }, undefined);
}

function hex(bytes: Buffer): string {
  return bytes.toString("hex");
}
