import { type Aggregator, Counter, Gauge, type Registry } from "prom-client";
import type { OutboxState } from "../outbox/outbox-state.ts";

/** What the figures are read of. */
export interface WatchedOutbox {
  readonly state: () => OutboxState;
  /** How many bytes may wait (`gateway.outbox.bytesMax`). */
  readonly bytesMax: number;
}

/** Puts the outbox's figures into a registry: it is asked for its state whenever they are read. */
export function watchOutbox(registry: Registry, { state: outbox, bytesMax }: WatchedOutbox): void {
  const gauge = (name: string, help: string, read: (state: OutboxState) => number, aggregator: Aggregator = "sum") =>
    new Gauge({
      name: `twinspan_outbox_${name}`,
      help,
      aggregator,
      registers: [registry],
      collect() {
        this.set(read(outbox()));
      },
    });
  gauge("records", "Records that wait for the trace-writer.", ({ records }) => records);
  gauge("bytes", "Bytes that wait for the trace-writer.", ({ bytes }) => bytes);
  gauge("bytes_max", "How many bytes may wait: gateway.outbox.bytesMax.", () => bytesMax);
  gauge(
    "oldest_age_seconds",
    "How long the oldest record has waited.",
    ({ oldestMs }) => (oldestMs === undefined ? 0 : Math.max(0, Date.now() - oldestMs) / 1000),
    "max",
  );
  gauge(
    "degraded",
    "1 while records do not get through, else 0.",
    ({ trouble }) => (trouble === undefined ? 0 : 1),
    "max",
  );
  const total = (name: string, help: string, read: (state: OutboxState) => number) => {
    const counter = new Counter({
      name: `twinspan_outbox_${name}`,
      help,
      registers: [registry],
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
  total(
    "damaged_places_total",
    "Places in the outbox's files that could not be read.",
    ({ damagedPlaces }) => damagedPlaces,
  );
  const shed = new Counter({
    name: "twinspan_outbox_shed_total",
    help: "What was given up: notes, payloads or whole records, by reason.",
    labelNames: ["what", "reason"],
    registers: [registry],
    collect() {
      shed.reset();
      for (const [counter, count] of Object.entries(outbox().shed)) {
        const [what = "", reason = ""] = counter.split(":");
        shed.inc({ what, reason }, count);
      }
    },
  });
}
