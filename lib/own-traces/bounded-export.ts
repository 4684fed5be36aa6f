import type { SpanExporter, SpanProcessor } from "@opentelemetry/sdk-trace";
import { Counter, type Registry } from "prom-client";
import type { Logger } from "#lib/logger.ts";

/** Bounds how many spans wait to be sent, and counts what becomes of each. */
export class BoundedExport {
  readonly #queueMax: number;
  readonly #spans: Counter<"outcome">;
  readonly #log: Logger;
  #waiting = 0;
  #isFailing = false;

  constructor(queueMax: number, registry: Registry, log: Logger) {
    this.#queueMax = queueMax;
    this.#log = log;
    this.#spans = new Counter({
      name: "twinspan_own_spans_total",
      help: "Spans of the service's own traces, by outcome: exported, failed (the collector did not take them), dropped (telemetry.traces.queueMax).",
      labelNames: ["outcome"],
      registers: [registry],
    });
    for (const outcome of ["exported", "failed", "dropped"]) this.#spans.inc({ outcome }, 0);
  }

  /** `inner`, which is given no more than may wait. */
  within(inner: SpanProcessor): SpanProcessor {
    return {
      onStart: (span, context) => inner.onStart(span, context),
      onEnd: (span) => {
        if (this.#waiting >= this.#queueMax) {
          this.#spans.inc({ outcome: "dropped" });
          return;
        }
        this.#waiting += 1;
        inner.onEnd(span);
      },
      forceFlush: () => inner.forceFlush(),
      shutdown: () => inner.shutdown(),
    };
  }

  /** `inner`, with what becomes of its exports counted, and told when it changes. */
  counted(inner: SpanExporter): SpanExporter {
    return {
      export: (spans, done) =>
        inner.export(spans, (result) => {
          this.#waiting -= spans.length;
          // 0 is success: the enumeration is a value of a package that is not loaded unless it is needed.
          const hasFailed = result.code !== 0;
          this.#spans.inc({ outcome: hasFailed ? "failed" : "exported" }, spans.length);
          if (hasFailed !== this.#isFailing) this.#tell(hasFailed, result.error);
          this.#isFailing = hasFailed;
          done(result);
        }),
      shutdown: () => inner.shutdown(),
    };
  }

  #tell(hasFailed: boolean, error: Error | undefined): void {
    if (hasFailed) this.#log.warn({ why: error?.message }, "the service's own traces are not taken");
    else this.#log.info("the service's own traces are taken again");
  }
}
