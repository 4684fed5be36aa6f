import type { ReactNode } from "react";
import { Link } from "wouter";
import { type TraceInfo, TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import { TokensText } from "../../components/tokens-text.tsx";
import { TraceMark } from "../../components/trace-mark.tsx";
import { costText, countText, durationText } from "../../format/figures.ts";
import { momentText, msOfNanos, wholeMomentText } from "../../format/moments.ts";
import { traceAddress } from "../trace/trace-address.ts";
import { answerTextOf, requestTextOf } from "./preview-text.ts";
import styles from "./trace-list.module.css";
import type { Order } from "./traces-address.ts";

/** What a cell may need beside its trace. */
export interface CellContext {
  readonly experimentNameOf: (id: string) => string;
  readonly nowMs: number;
}

/** A column of the list. */
export interface TraceColumn {
  readonly key: string;
  readonly head: string;
  /** Its width, as a track of a grid. */
  readonly track: string;
  readonly numeric?: boolean;
  /** The orders that a click on its head goes through. */
  readonly orders?: readonly [Order, Order];
  readonly cell: (trace: TraceInfo, context: CellContext) => ReactNode;
}

/** Every column, in the order in which they are offered. */
export const TRACE_COLUMNS: readonly TraceColumn[] = [
  {
    key: "name",
    head: "Trace",
    track: "minmax(180px, 1.1fr)",
    cell: (trace) => (
      <>
        <TraceMark trace={trace} />
        <Link href={traceAddress(trace.traceId)} className={styles["name"]}>
          {trace.name === "" ? trace.traceId : trace.name}
        </Link>
      </>
    ),
  },
  {
    key: "started",
    head: "Started",
    track: "100px",
    orders: ["newest", "oldest"],
    cell: ({ startTimeUnixNano }, { nowMs }) => {
      const ms = msOfNanos(startTimeUnixNano);
      return <time title={wholeMomentText(ms)}>{momentText(ms, nowMs)}</time>;
    },
  },
  {
    key: "duration",
    head: "Duration",
    track: "68px",
    numeric: true,
    orders: ["slowest", "fastest"],
    cell: ({ durationNanos, state }) =>
      state === TraceState.TRACE_STATE_IN_PROGRESS && durationNanos === 0n
        ? ""
        : durationText(Number(durationNanos) / 1e6),
  },
  {
    key: "experiment",
    head: "Experiment",
    track: "minmax(120px, 0.8fr)",
    cell: ({ experimentId }, { experimentNameOf }) => (experimentId === "" ? "" : experimentNameOf(experimentId)),
  },
  {
    key: "request",
    head: "Request",
    track: "minmax(180px, 2.6fr)",
    cell: ({ requestPreview }) => <span className={styles["soft"]}>{requestTextOf(requestPreview)}</span>,
  },
  {
    key: "response",
    head: "Answer",
    track: "minmax(180px, 2.6fr)",
    cell: ({ responsePreview }) => <span className={styles["soft"]}>{answerTextOf(responsePreview)}</span>,
  },
  {
    key: "tokens",
    head: "Tokens",
    track: "104px",
    numeric: true,
    cell: ({ usage }) => (usage === undefined ? "" : <TokensText {...usage} />),
  },
  {
    key: "cost",
    head: "Cost",
    track: "82px",
    numeric: true,
    cell: ({ cost }) => (cost === undefined ? "" : costText(cost.totalNanoUsd)),
  },
  { key: "spans", head: "Spans", track: "62px", numeric: true, cell: ({ spanCount }) => countText(spanCount) },
  { key: "caller", head: "Caller", track: "minmax(90px, 0.5fr)", cell: metadata("mlflow.gateway.caller") },
  { key: "session", head: "Session", track: "minmax(90px, 0.5fr)", cell: metadata("mlflow.trace.session") },
  { key: "user", head: "User", track: "minmax(80px, 0.4fr)", cell: metadata("mlflow.trace.user") },
  { key: "tags", head: "Tags", track: "minmax(120px, 0.7fr)", cell: ({ tags }) => ownTags(tags) },
  { key: "id", head: "Id", track: "minmax(150px, 0.7fr)", cell: ({ traceId }) => <code>{traceId}</code> },
];

/** What a trace's facts say under a key of MLflow's. */
function metadata(key: string): TraceColumn["cell"] {
  return ({ metadata: facts }) => facts[key] ?? "";
}

/** Tags that somebody set. */
function ownTags(tags: Readonly<Record<string, string>>): string {
  return Object.entries(tags)
    .filter(([key]) => !key.startsWith("mlflow."))
    .map(([key, value]) => `${key}: ${value}`)
    .join(", ");
}
