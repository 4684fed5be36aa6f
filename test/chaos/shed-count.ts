import { sumOfMetric } from "../../tools/metrics-text.ts";
import type { ServiceProcess } from "../system/service-process.ts";

/** The reasons for which an outbox that is full gives up a record. Any other is a fault in this run. */
const FULL = ["disk", "outbox_full"];

/** Counts the records that the gateway has given up, over all lives of its process. */
export class ShedCount {
  readonly #gateway: ServiceProcess;
  #records = 0;
  #otherwise = 0;

  constructor(gateway: ServiceProcess) {
    this.#gateway = gateway;
  }

  /** Records that were given up, and counted, since the outbox was full. */
  get records(): number {
    return this.#records;
  }

  /** Records that were given up for any other reason, and calls that were not recorded at all. */
  get otherwise(): number {
    return this.#otherwise;
  }

  /** Adds what this life of the gateway has counted: once, before it ends. */
  async readBeforeEnd(): Promise<void> {
    const text = await this.#gateway.metrics();
    const ofReason = (reason: string) =>
      sumOfMetric(text, `twinspan_outbox_shed_total{what="record",reason="${reason}"}`);
    const full = FULL.reduce((sum, reason) => sum + ofReason(reason), 0);
    this.#records += full;
    this.#otherwise += sumOfMetric(text, 'twinspan_outbox_shed_total{what="record"') - full;
    this.#otherwise += sumOfMetric(text, "twinspan_calls_unrecorded_total");
  }
}
