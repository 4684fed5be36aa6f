import { startProgress } from "../../cli/progress.ts";
import type { MeasuredProcess } from "../processes.ts";
import type { WriteFigures } from "./figures.ts";
import { write } from "./loads.ts";
import type { WriteLoad } from "./write-load.ts";

/** What a round writes, and how. */
export type RoundShape = Omit<WriteLoad, "target" | "from">;

/** A record makes a full trace and holds a mirror; owners adopt those. */
export const TRACES_OF_ONE = { records: 2, traces: 1, owners: 0 } as const;

/** Writes one round after another, each with numbers of its own, says what it came to, and knows what there is. */
export class Meter {
  readonly #service: MeasuredProcess;
  readonly #target: string;
  records = 0;
  traces = 0;
  payloadBytes = 0;
  #agents = 0;
  #owned = 0;

  constructor(service: MeasuredProcess, target: string) {
    this.#service = service;
    this.#target = target;
  }

  async round(name: string, shape: RoundShape): Promise<WriteFigures> {
    const from = { records: this.records, traces: this.#agents, owners: this.#owned }[shape.what];
    const label = `${name}, ${shape.batch} a request, ${shape.lanes} at once`;
    using progress = bar(shape.count);
    const { figures, payloadBytes } = await write(
      name,
      { ...shape, target: this.#target, from },
      this.#service,
      ({ done, seconds }) => progress.show(done, `${label}: ${(done / seconds).toFixed(0)}/s`),
    );
    this.payloadBytes += payloadBytes;
    if (shape.what === "records") this.records += shape.count;
    if (shape.what === "traces") this.#agents += shape.count;
    if (shape.what === "owners") this.#owned += shape.count;
    this.traces += TRACES_OF_ONE[shape.what] * shape.count;
    process.stdout.write(
      `${label}: ${figures.spansPerSecond.toFixed(0)} spans/s, ${figures.cpuMs.toFixed(3)} ms CPU each\n`,
    );
    return figures;
  }

  /** Reads while records are written, until the reads have ended. */
  async whileWriting<Result>(shape: Omit<RoundShape, "what">, reading: () => Promise<Result>): Promise<Result> {
    let isOver = false;
    const writing = (async () => {
      while (!isOver) await this.round("records meanwhile", { ...shape, what: "records" });
    })();
    try {
      return await reading();
    } finally {
      isOver = true;
      await writing;
    }
  }
}

function bar(total: number) {
  return startProgress({ err: (text) => void process.stderr.write(text), errIsTerminal: process.stderr.isTTY }, total);
}
