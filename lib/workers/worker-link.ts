import cluster from "node:cluster";
import type { Registry } from "prom-client";
import { z } from "zod";
import { ownReport, type Readiness, type ServiceReport } from "#lib/service-report.ts";
import { readinessOf } from "./added-readiness.ts";
import { type Answers, Questions } from "./questions.ts";
import { ALONE, placeOf, type WorkerPlace } from "./worker-place.ts";

/** The variable that tells a process its place. */
export const PLACE_VARIABLE = "TWINSPAN_WORKER";
/** How long the primary may take to answer, in milliseconds: it asks the other workers. */
const ASK_MS = 5_000;

/** What the primary tells a worker. */
export interface WorkerOrders {
  stop(): void;
  reload(): void;
}

/** What a process that may be one of several workers knows of the others. */
export interface WorkerLink {
  readonly place: WorkerPlace;
  /** What operators are told of the service: of all its workers, given what this one says of itself. */
  reportOf(registry: Registry, readiness: () => Readiness | Promise<Readiness>): ServiceReport;
  /** Asks the primary. Undefined: there is none, since this is the only process. */
  readonly askPrimary: ((what: string, body: unknown) => Promise<unknown>) | undefined;
}

/** A service that is one process. */
export const ONLY_PROCESS: WorkerLink = { place: ALONE, reportOf: ownReport, askPrimary: undefined };

/** The link of a worker, with what only its `main` uses. */
export interface PrimaryLink extends WorkerLink {
  /** Obeys the primary from now on. */
  obey(orders: WorkerOrders): void;
  /** Says that it takes calls. */
  ready(): void;
  /** Lets go of the primary, so that the process can end. */
  leave(): void;
}

/** The link of this process to its primary. Undefined: it is no worker. `place` is what {@link PLACE_VARIABLE} says. */
export function openPrimaryLink(placeText: string | undefined): PrimaryLink | undefined {
  const self = cluster.worker;
  const place = placeOf(placeText ?? "");
  if (self === undefined || place === undefined) return undefined;
  const answers: Record<string, Answers[string]> = {};
  const primary = new Questions((message) => {
    // One that is gone has ended this process, too.
    if (self.isConnected()) self.send(message, () => {});
  }, answers);
  self.on("message", (message: unknown) => primary.hear(message));
  self.on("disconnect", () => primary.close());
  const ask = (what: string, body: unknown) => primary.ask(what, body, ASK_MS);
  return {
    place,
    askPrimary: ask,
    reportOf(registry, readiness) {
      answers["metrics"] = () => registry.getMetricsAsJSON();
      answers["readiness"] = readiness;
      return {
        contentType: registry.contentType,
        metrics: async () => z.string().parse(await ask("metrics", undefined)),
        readiness: async () => readinessOf(await ask("readiness", undefined)),
      };
    },
    obey({ stop, reload }) {
      answers["stop"] = stop;
      answers["reload"] = reload;
    },
    // A primary that does not hear it is gone, or stops this worker as one that never came up.
    ready: () => void ask("ready", undefined).catch(() => {}),
    leave: () => void self.disconnect(),
  };
}
