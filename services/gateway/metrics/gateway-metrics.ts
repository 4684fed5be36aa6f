import { Counter, Gauge, Registry } from "prom-client";
import { type CellCounter, type CellHistogram, createCellCounter, createCellHistogram } from "#lib/metric-cells.ts";
import { watchProcess } from "#lib/process-metrics.ts";
import { attemptReasonWordOf, errorWordOf } from "#lib/spans/words.ts";
import type { ContextOutcome } from "#lib/trace-context/propagator.ts";
import type { InvocationSummary } from "#proto/twinspan/gateway/v1/invocation.ts";
import { errorTypeOf } from "../core/error-type.ts";
import type { Attempt, Ending, RecordedInvocation } from "../core/invocation.ts";
import type { KeptPayloads } from "../core/payload/kept-payloads.ts";
import type { MirrorDecision } from "../core/twins/mirror-decision.ts";
import type { RoutingMemory } from "../routing/routing-memory.ts";
import { measureGenAi } from "./gen-ai-metrics.ts";
import { type WatchedOutbox, watchOutbox } from "./outbox-metrics.ts";
import { watchRouting } from "./routing-metrics.ts";

/** Seconds, from what a cached answer takes to the longest calls there are. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600];

/** Why a call is refused before its endpoint is known. */
const REFUSED_REASONS = ["no_endpoint", "unknown_endpoint", "unknown_dialect", "too_large"] as const;
type RefusedReason = (typeof REFUSED_REASONS)[number];

/** The gateway's figures. Labels are bounded by the configuration and by closed lists. */
export class GatewayMetrics {
  readonly registry = new Registry();
  readonly #calls = this.#counter("calls_total", "Calls, by endpoint and how they ended (ok, or an error.type).", [
    "endpoint",
    "outcome",
  ]);
  readonly #refused = this.#counter(
    "calls_refused_total",
    "Calls that named no endpoint that could be found, by reason.",
    ["reason"],
  );
  readonly #seconds = this.#histogram("call_duration_seconds", "From a call's acceptance to its end.", ["endpoint"]);
  readonly #overhead = this.#histogram("call_overhead_seconds", "The part of a call that was not spent on providers.", [
    "endpoint",
  ]);
  readonly #firstToken = this.#histogram(
    "time_to_first_token_seconds",
    "From a call's acceptance to its first token.",
    ["endpoint"],
  );
  readonly #attempts = this.#counter(
    "attempts_total",
    "Requests to providers, by why they were made (first, fallback, retry, hedge) and how they ended.",
    ["provider", "model", "reason", "outcome"],
  );
  readonly #passedOver = this.#counter(
    "models_passed_over_total",
    "Times that a model was not asked, since its provider's breaker was open.",
    ["provider", "model"],
  );
  readonly #waits = this.#histogram("concurrency_wait_seconds", "How long calls waited for their turn.", ["endpoint"]);
  readonly #tokens = this.#counter(
    "tokens_total",
    "Tokens, by whether a provider counted them or they are estimated.",
    ["endpoint", "direction", "estimated"],
  );
  readonly #cost = this.#counter("cost_usd_total", "What calls cost, in US dollars.", ["endpoint"]);
  readonly #unpriced = this.#counter("attempts_unpriced_total", "Attempts with a usage and no known price.", [
    "provider",
    "model",
  ]);
  readonly #redactions = this.#counter("payload_redactions_total", "Places in payload that rules have blacked out.", [
    "endpoint",
  ]);
  readonly #withheld = this.#counter(
    "payloads_withheld_total",
    "Requests, answers and error texts that were not kept, since a rule could not be applied to them, by reason.",
    ["endpoint", "reason"],
  );
  readonly #mirrors = this.#counter(
    "mirrors_total",
    "Traced calls, by whether they have a mirror, and if not, why not.",
    ["outcome"],
  );
  readonly #contexts = this.#counter(
    "trace_context_total",
    "Calls by what became of their traceparent: valid, malformed (ignored) or absent.",
    ["outcome"],
  );
  readonly #late = this.#counter(
    "outbox_late_total",
    "Writes that were not committed within gateway.outbox.commitWaitMs.",
    ["write"],
  );
  readonly #unrecorded = new Counter({
    name: "twinspan_calls_unrecorded_total",
    help: "Traced calls whose record could not be made, by a fault of ours.",
    registers: [this.registry],
  });
  readonly #genAi = measureGenAi(this.registry);
  #inFlight = 0;

  /** `outbox` and `routing` are asked for their state whenever the figures are read. */
  constructor(outbox: WatchedOutbox, routing: RoutingMemory) {
    watchProcess(this.registry, "gateway");
    watchOutbox(this.registry, outbox);
    watchRouting(this.registry, routing);
    this.#watchInFlight();
    for (const reason of REFUSED_REASONS) this.#refused.inc({ reason }, 0);
  }

  context(outcome: ContextOutcome): void {
    this.#contexts.inc({ outcome });
  }

  refused(reason: RefusedReason): void {
    this.#refused.inc({ reason });
  }

  opened(mirror: MirrorDecision | undefined): void {
    this.#inFlight += 1;
    if (mirror !== undefined) this.#mirrors.inc({ outcome: mirror });
  }

  passedOver(provider: string, model: string): void {
    this.#passedOver.inc({ provider, model });
  }

  /** A call waited for its turn. */
  waited(endpoint: string, nanos: bigint): void {
    this.#waits.observe({ endpoint }, secondsOf(nanos));
  }

  late(write: "begin" | "finish"): void {
    this.#late.inc({ write });
  }

  unrecorded(): void {
    this.#unrecorded.inc();
  }

  ended(invocation: RecordedInvocation, ending: Ending, summary: InvocationSummary): void {
    const endpoint = invocation.endpointName;
    const nanos = ending.endNanos - invocation.startNanos;
    this.#inFlight -= 1;
    this.#calls.inc({ endpoint, outcome: wordOf(ending) });
    this.#seconds.observe({ endpoint }, secondsOf(nanos));
    this.#overhead.observe({ endpoint }, secondsOf(nanos - summary.providerNanos));
    if (summary.timeToFirstTokenNanos !== undefined) {
      this.#firstToken.observe({ endpoint }, secondsOf(summary.timeToFirstTokenNanos));
    }
    if (summary.cost !== undefined) this.#cost.inc({ endpoint }, Number(summary.cost.totalNanoUsd) / 1e9);
    for (const attempt of ending.attempts) {
      this.#tried(endpoint, attempt);
      this.#genAi(invocation, attempt);
    }
  }

  /** What was kept of a call's payload. */
  kept(endpoint: string, { root, attempts }: KeptPayloads): void {
    for (const payload of [root, ...attempts]) {
      for (const { redactions, withheld: reason } of [payload.inputs, payload.outputs, payload.errorText]) {
        if (redactions > 0) this.#redactions.inc({ endpoint }, redactions);
        if (reason !== undefined) this.#withheld.inc({ endpoint, reason });
      }
    }
  }

  #tried(endpoint: string, attempt: Attempt): void {
    const { provider, requestModel: model, answer, cost } = attempt;
    const reason = attemptReasonWordOf(attempt.reason) ?? "";
    this.#attempts.inc({ provider, model, reason, outcome: wordOf(attempt) });
    const { usage } = answer;
    if (usage === undefined) return;
    const estimated = usage.estimated ? "true" : "false";
    if (usage.inputTokens) this.#tokens.inc({ endpoint, direction: "input", estimated }, Number(usage.inputTokens));
    if (usage.outputTokens) this.#tokens.inc({ endpoint, direction: "output", estimated }, Number(usage.outputTokens));
    if (cost === undefined) this.#unpriced.inc({ provider, model });
  }

  #watchInFlight(): void {
    const inFlight = () => this.#inFlight;
    new Gauge({
      name: "twinspan_calls_in_flight",
      help: "Calls that have begun and not ended.",
      registers: [this.registry],
      collect() {
        this.set(inFlight());
      },
    });
  }

  #counter<Label extends string>(name: string, help: string, labelNames: readonly Label[]): CellCounter<Label> {
    return createCellCounter({ name: `twinspan_${name}`, help, labelNames, registers: [this.registry] });
  }

  #histogram<Label extends string>(name: string, help: string, labelNames: readonly Label[]): CellHistogram<Label> {
    const registers = [this.registry];
    return createCellHistogram({ name: `twinspan_${name}`, help, labelNames, buckets: SECONDS, registers });
  }
}

function wordOf({ failure }: Ending | Attempt): string {
  return errorWordOf(errorTypeOf(failure)) ?? "ok";
}

function secondsOf(nanos: bigint): number {
  return Number(nanos) / 1e9;
}
