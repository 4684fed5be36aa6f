import { Gauge, type Registry } from "prom-client";
import { createCellCounter } from "../metric-cells.ts";
import type { SentCount } from "./frame-sender.ts";

/** What one side of Exchange streams counts. */
export interface ExchangeCount extends SentCount {
  opened(): void;
  closed(): void;
  /** A message came, with so many frames. */
  received(frames: number): void;
}

/** Counts streams, messages and frames under `registry`. */
export function countExchange(registry: Registry): ExchangeCount {
  const registers = [registry];
  const streams = new Gauge({ name: "twinspan_exchange_streams", help: "Exchange streams that are open.", registers });
  const messages = createCellCounter({
    name: "twinspan_exchange_messages_total",
    help: "Messages of Exchange streams, by whether they were sent or received.",
    labelNames: ["direction"],
    registers,
  });
  const frames = createCellCounter({
    name: "twinspan_exchange_frames_total",
    help: "Frames in those messages. The more of them a message has, the less each costs.",
    labelNames: ["direction"],
    registers,
  });
  const count = (direction: "sent" | "received") => (those: number) => {
    messages.inc({ direction });
    frames.inc({ direction }, those);
  };
  return {
    opened: () => streams.inc(),
    closed: () => streams.dec(),
    sent: count("sent"),
    received: count("received"),
  };
}
