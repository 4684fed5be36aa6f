import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { sumOfCosts } from "#lib/spans/usage.ts";
import { errorWordOf } from "#lib/spans/words.ts";
import type { ContextOutcome } from "#lib/trace-context/propagator.ts";
import { errorTypeOf } from "./core/error-type.ts";
import type { Attempt, Ending, Invocation } from "./core/invocation.ts";
import type { MirrorDecision } from "./core/mirror-decision.ts";
import type { OutboxState } from "./outbox/messages.ts";

/** Seconds, from what a cached answer takes to the longest calls there are. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600];

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
  readonly #attempts = this.#counter("attempts_total", "Requests to providers, by how they ended.", [
    "provider",
    "model",
    "outcome",
  ]);
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
  readonly #mirrors = this.#counter(
    "mirrors_total",
    "Traced calls, by whether they have a mirror, and if not, why not.",
    ["outcome"],
  );
  readonly #contexts = this.#counter("trace_context_total", "Requests, by what became of their traceparent.", [
    "outcome",
  ]);
  readonly #late = this.#counter("outbox_late_total", "Writes that were not committed within outbox.commitWaitMs.", [
    "write",
  ]);
  readonly #unrecorded = new Counter({
    name: "twinspan_calls_unrecorded_total",
    help: "Traced calls whose record could not be made, by a fault of ours.",
    registers: [this.registry],
  });
  readonly #inFlight = new Gauge({
    name: "twinspan_calls_in_flight",
    help: "Calls that have begun and not ended.",
    registers: [this.registry],
  });

  /** `outbox` is asked for its state whenever the figures are read. */
  constructor(outbox: () => OutboxState) {
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: 100 });
    this.#watchOutbox(outbox);
  }

  context(outcome: ContextOutcome): void {
    this.#contexts.inc({ outcome });
  }

  refused(reason: string): void {
    this.#refused.inc({ reason });
  }

  opened(mirror: MirrorDecision | undefined): void {
    this.#inFlight.inc();
    if (mirror !== undefined) this.#mirrors.inc({ outcome: mirror });
  }

  late(write: "begin" | "finish"): void {
    this.#late.inc({ write });
  }

  unrecorded(): void {
    this.#unrecorded.inc();
  }

  ended(invocation: Invocation, ending: Ending, providerNanos: bigint): void {
    const endpoint = invocation.endpointName;
    const nanos = ending.endNanos - invocation.startNanos;
    this.#inFlight.dec();
    this.#calls.inc({ endpoint, outcome: wordOf(ending) });
    this.#seconds.observe({ endpoint }, secondsOf(nanos));
    this.#overhead.observe({ endpoint }, secondsOf(nanos - providerNanos));
    const firstTokenNanos = ending.attempts.at(-1)?.answer.firstTokenNanos;
    if (firstTokenNanos !== undefined) {
      this.#firstToken.observe({ endpoint }, secondsOf(firstTokenNanos - invocation.startNanos));
    }
    const cost = sumOfCosts(ending.attempts.map((attempt) => attempt.cost));
    if (cost !== undefined) this.#cost.inc({ endpoint }, Number(cost.totalNanoUsd) / 1e9);
    for (const attempt of ending.attempts) {
      this.#used(endpoint, attempt);
      this.#attempts.inc({ provider: attempt.provider, model: attempt.requestModel, outcome: wordOf(attempt) });
    }
  }

  #used(endpoint: string, { provider, requestModel, answer: { usage }, cost }: Attempt): void {
    if (usage === undefined) return;
    const estimated = usage.estimated ? "true" : "false";
    if (usage.inputTokens) this.#tokens.inc({ endpoint, direction: "input", estimated }, Number(usage.inputTokens));
    if (usage.outputTokens) this.#tokens.inc({ endpoint, direction: "output", estimated }, Number(usage.outputTokens));
    if (cost === undefined) this.#unpriced.inc({ provider, model: requestModel });
  }

  #watchOutbox(outbox: () => OutboxState): void {
    const gauge = (name: string, help: string, read: (state: OutboxState) => number) =>
      new Gauge({
        name: `twinspan_outbox_${name}`,
        help,
        registers: [this.registry],
        collect() {
          this.set(read(outbox()));
        },
      });
    gauge("records", "Records that wait for the trace-writer.", ({ records }) => records);
    gauge("bytes", "Bytes that wait for the trace-writer.", ({ bytes }) => bytes);
    gauge("oldest_age_seconds", "How long the oldest record has waited.", ({ oldestMs }) =>
      oldestMs === undefined ? 0 : Math.max(0, Date.now() - oldestMs) / 1000,
    );
    gauge("degraded", "1 while records do not get through, else 0.", ({ trouble }) => (trouble === undefined ? 0 : 1));
    const total = (name: string, help: string, read: (state: OutboxState) => number) => {
      const counter = new Counter({
        name: `twinspan_outbox_${name}`,
        help,
        registers: [this.registry],
        collect() {
          counter.reset();
          counter.inc(read(outbox()));
        },
      });
    };
    total("shipped_total", "Records that the trace-writer has made durable.", ({ shipped }) => shipped);
    total("retries_total", "Batches that failed and were sent again.", ({ retries }) => retries);
    total(
      "mirrors_sealed_total",
      "Mirrors refused, since the caller's context names a full trace.",
      (state) => state.mirrorsRefused,
    );
    const shed = new Counter({
      name: "twinspan_outbox_shed_total",
      help: "What was given up: notes, payloads or whole records, by reason.",
      labelNames: ["what", "reason"],
      registers: [this.registry],
      collect() {
        shed.reset();
        for (const [counter, count] of Object.entries(outbox().shed)) {
          const [what = "", reason = ""] = counter.split(":");
          shed.inc({ what, reason }, count);
        }
      },
    });
  }

  #counter<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> {
    return new Counter({ name: `twinspan_${name}`, help, labelNames, registers: [this.registry] });
  }

  #histogram<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Histogram<Label> {
    return new Histogram({ name: `twinspan_${name}`, help, labelNames, buckets: SECONDS, registers: [this.registry] });
  }
}

function wordOf({ failure }: Ending | Attempt): string {
  return errorWordOf(errorTypeOf(failure)) ?? "ok";
}

function secondsOf(nanos: bigint): number {
  return Number(nanos) / 1e9;
}
