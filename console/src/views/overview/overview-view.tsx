import { useMemo } from "react";
import { useLocation } from "wouter";
import { useViewState } from "../../address/view-state.ts";
import { Swatch } from "../../chart/chart-tip.tsx";
import { Button } from "../../components/button.tsx";
import { Segments } from "../../components/segments.tsx";
import { EmptyState, ErrorState, LoadingLines } from "../../components/states.tsx";
import { TimeRangePicker } from "../../components/time-range-picker.tsx";
import { View } from "../../components/view.tsx";
import { useShortcuts } from "../../shell/shortcuts.tsx";
import { tracesAddress } from "../traces/traces-address.ts";
import { countedOf, DIMENSIONS } from "./dimensions.ts";
import { GroupsTable } from "./groups-table.tsx";
import { MetricCard } from "./metric-card.tsx";
import { colourOf, OTHER, ranksOf } from "./metric-series.ts";
import { METRICS, type MetricKey } from "./metrics.ts";
import { MoversPanel } from "./movers-panel.tsx";
import styles from "./overview.module.css";
import { overviewCodec } from "./overview-address.ts";
import { type Overview, useOverview } from "./use-overview.ts";

/** What went on: figures over time, what changed against the time before, and the traces behind each of them. */
export function OverviewView() {
  const [state, change] = useViewState(overviewCodec);
  const { range, by, isCompared, isTables } = state;
  const { overview, error, isFetching, hasMore, refetch } = useOverview(state);
  const shortcuts = useMemo(
    () => [
      { keys: "c", does: "Compare with the time before", run: () => change({ isCompared: !isCompared }) },
      { keys: "v", does: "Charts or tables", run: () => change({ isTables: !isTables }) },
      ...DIMENSIONS.map(([dimension, words], at) => ({
        keys: `${at + 1}`,
        does: `Tell apart by ${words.toLowerCase()}`,
        run: () => change({ by: dimension }),
      })),
    ],
    [change, isCompared, isTables],
  );
  useShortcuts(shortcuts);
  const tools = (
    <>
      <Segments label="Tell apart by" options={DIMENSIONS} value={by} onChoose={(chosen) => change({ by: chosen })} />
      <Segments
        label="Show as"
        options={[
          ["charts", "Charts"],
          ["tables", "Tables"],
        ]}
        value={isTables ? "tables" : "charts"}
        onChoose={(chosen) => change({ isTables: chosen === "tables" })}
      />
      <Button
        look={isCompared ? "plain" : "bare"}
        aria-pressed={isCompared}
        onClick={() => change({ isCompared: !isCompared })}
      >
        Compare
      </Button>
      <TimeRangePicker range={range} onChoose={(chosen) => change({ range: chosen })} />
    </>
  );
  return (
    <View title="Overview" tools={tools}>
      <div aria-busy={isFetching}>
        {overview === undefined ? (
          error === undefined ? (
            <LoadingLines what="the overview" />
          ) : (
            <ErrorState error={error} onRetry={refetch} />
          )
        ) : (
          <Content overview={overview} state={state} onChange={change} hasMore={hasMore} />
        )}
      </div>
    </View>
  );
}

type ViewState = ReturnType<typeof overviewCodec.read>;

function Content({
  overview,
  state: { range, isCompared, isTables },
  onChange,
  hasMore,
}: {
  readonly overview: Overview;
  readonly state: ViewState;
  readonly onChange: (change: Partial<ViewState>) => void;
  readonly hasMore: boolean;
}) {
  const [, navigate] = useLocation();
  const { by, span, whole, wholeBefore, movers } = overview;
  if ((whole?.requests ?? 0n) === 0n && (wholeBefore?.requests ?? 0n) === 0n) {
    return (
      <EmptyState icon="overview" title="No calls in this time">
        <p>Choose a longer one above, or make the first call: Setup has a command to copy.</p>
      </EmptyState>
    );
  }
  const showBucket = (metric: MetricKey) => (fromMs: number) =>
    navigate(
      tracesAddress({
        filter: metric === "errors" ? "status = 'ERROR'" : "",
        order: metric === "latency" || metric === "firstToken" ? "slowest" : "newest",
        range: { kind: "between", fromMs, toMs: fromMs + span.bucketMs },
      }),
    );
  return (
    <div className={styles["overview"]}>
      {isCompared && <MoversPanel movers={movers} isFirst={(wholeBefore?.requests ?? 0n) === 0n} range={range} />}
      <Legend overview={overview} />
      <div className={styles["cards"]}>
        {METRICS.map((metric) => (
          <MetricCard
            key={metric.key}
            metric={metric}
            overview={overview}
            isCompared={isCompared}
            isTable={isTables}
            onZoom={(fromMs, toMs) =>
              onChange({ range: { kind: "between", fromMs: Math.floor(fromMs), toMs: Math.ceil(toMs) } })
            }
            onChoose={showBucket(metric.key)}
          />
        ))}
      </div>
      <GroupsTable overview={overview} range={range} isCompared={isCompared} />
      <p className={styles["note"]}>
        {countedOf(by) === "attempts" && "By group each attempt at a provider counts; in all each call does. "}
        {hasMore && "There are more than 100 experiments with traces: only the largest 100 are added up here. "}
        Drag over a chart to look closer; click on it for the traces of that time.
      </p>
    </div>
  );
}

function Legend({ overview }: { readonly overview: Overview }) {
  return (
    <ul className={styles["legend"]} aria-label="Colours">
      {ranksOf(overview).map((name, rank) => (
        <li key={name}>
          <Swatch series={{ label: name, colour: colourOf(name === OTHER ? -1 : rank), values: [], kind: "bars" }} />
          {name}
        </li>
      ))}
    </ul>
  );
}
