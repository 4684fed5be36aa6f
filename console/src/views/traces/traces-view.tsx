import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Experiment } from "#proto/twinspan/trace/v1/experiment.ts";
import { keepListAddress, keepListOffset, listOffset } from "../../address/last-list.ts";
import { useViewState } from "../../address/view-state.ts";
import { Button } from "../../components/button.tsx";
import { EmptyState, ErrorState, failureText, LoadingLines } from "../../components/states.tsx";
import { TimeRangePicker } from "../../components/time-range-picker.tsx";
import { View } from "../../components/view.tsx";
import { FilterBar } from "../../filter/filter-bar.tsx";
import { filterErrorOf } from "../../filter/filter-error.ts";
import { useEndpoints } from "../../reads/endpoints.ts";
import { useExperiments } from "../../reads/experiments.ts";
import { ColumnsMenu } from "./columns-menu.tsx";
import { knownWordsOf } from "./known-words.ts";
import { LiveButton } from "./live-button.tsx";
import { NoTraces } from "./no-traces.tsx";
import { PendingNote } from "./pending-note.tsx";
import { ScopeMenu } from "./scope-menu.tsx";
import { TRACE_COLUMNS } from "./trace-columns.tsx";
import { TraceList } from "./trace-list.tsx";
import { filterOffsetOf } from "./trace-search.ts";
import { COLUMNS_BY_DEFAULT, type Scope, tracesCodec } from "./traces-address.ts";
import styles from "./traces-view.module.css";
import { useFresh } from "./use-fresh.ts";
import { useTraceList } from "./use-trace-list.ts";

/** Whoever has scrolled less is at the top, in pixels. */
const TOP_PX = 16;
/** Experiments that a search takes. Of more, those that took a span last. */
const EXPERIMENTS_MAX = 100;

/** The list of traces: live, filtered, as its address says. */
export function TracesView() {
  const [state, change] = useViewState(tracesCodec);
  const address = tracesCodec.write(state).toString();
  // As it was when the view was opened: what is kept changes as one scrolls.
  const [offset] = useState(() => listOffset(address));
  useEffect(() => keepListAddress(address), [address]);
  const experiments = useExperiments();
  const endpoints = useEndpoints();
  const ids = useMemo(() => idsIn(state.scope, experiments.data), [state.scope, experiments.data]);
  const [current, setCurrent] = useState<string>();
  const [isAtTop, setAtTop] = useState(offset < TOP_PX);
  const list = useRef<HTMLDivElement>(null);
  const { traces, waiting, read, followed, isPossible, refresh } = useTraceList(
    state,
    ids,
    () => !isAtTop || list.current?.matches(":hover, :focus-within") === true,
  );
  const searched = tracesCodec.write({ ...state, columns: COLUMNS_BY_DEFAULT, live: true }).toString();
  const searchedBefore = useRef(searched);
  useEffect(() => {
    // What is found anew is read from its top.
    if (searchedBefore.current !== searched) list.current?.querySelector("section")?.scrollTo({ top: 0 });
    searchedBefore.current = searched;
  }, [searched]);
  const fresh = useFresh(followed.live.admitted);
  const names = useMemo(() => new Map(experiments.data?.map(({ id, name }) => [id, name])), [experiments.data]);
  const context = { experimentNameOf: (id: string) => names.get(id) ?? id, nowMs: Date.now() };
  const columns = TRACE_COLUMNS.filter(({ key }) => key === "name" || state.columns.includes(key));
  const known = useMemo(() => knownWordsOf(endpoints.data ?? [], traces.slice(0, 500)), [endpoints.data, traces]);
  const filterError = filterErrorOf(read.error, filterOffsetOf(state.range));
  const { fetchNextPage, hasNextPage, isFetching } = read;
  // What was read stays while it cannot be read anew, or on.
  const asked = experiments.data === undefined ? experiments : read;
  const failure = asked.data === undefined && filterError === undefined ? asked.error : null;
  const isCut = read.data !== undefined && read.isError;
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  const isLoading = experiments.isPending || (isPossible && read.isPending && read.error === null);
  const showNew = () => {
    followed.admit();
    list.current?.querySelector("section")?.scrollTo({ top: 0 });
  };

  return (
    <View
      title="Traces"
      tools={
        <>
          <PendingNote scope={state.scope} onShow={() => change({ scope: { kind: "pending" } })} />
          <ScopeMenu scope={state.scope} experiments={experiments.data ?? []} onChoose={(scope) => change({ scope })} />
          <TimeRangePicker range={state.range} onChoose={(range) => change({ range })} />
          <ColumnsMenu columns={state.columns} onChoose={(chosen) => change({ columns: chosen })} />
          <LiveButton
            status={followed.status}
            isWanted={state.live}
            onToggle={() => change({ live: !state.live })}
            onRefresh={refresh}
          />
        </>
      }
    >
      <div className={styles["view"]}>
        <FilterBar filter={state.filter} onChange={(filter) => change({ filter })} error={filterError} known={known} />
        <div ref={list} className={styles["list"]} aria-busy={read.isPlaceholderData}>
          {waiting > 0 && (
            <Button look="main" className={styles["new"] ?? ""} onClick={showNew}>
              {waiting} new
            </Button>
          )}
          {failure !== null ? (
            <ErrorState error={failure} onRetry={() => void asked.refetch()} />
          ) : isLoading ? (
            <LoadingLines what="traces" lines={14} />
          ) : filterError !== undefined ? (
            <EmptyState icon="filter" title="This filter cannot be read" />
          ) : traces.length === 0 && !hasNextPage ? (
            <NoTraces state={state} onWiden={() => change({ filter: "", range: { kind: "all" } })} />
          ) : (
            <TraceList
              traces={traces}
              columns={columns}
              context={context}
              order={state.order}
              onOrder={(order) => change({ order })}
              onMore={hasNextPage && !isFetching && !isCut ? more : undefined}
              current={current}
              onCurrent={setCurrent}
              fresh={fresh}
              initialOffset={offset}
              onScroll={(scrolled) => {
                keepListOffset(scrolled);
                setAtTop(scrolled < TOP_PX);
              }}
              foot={
                <p className={styles["foot"]} role="status">
                  {isCut
                    ? failureText(read.error)
                    : hasNextPage
                      ? "Searching further back …"
                      : `${traces.length} traces, and no more`}
                </p>
              }
            />
          )}
        </div>
      </div>
    </View>
  );
}

/** The experiments of a scope, by id. Undefined: they are not known yet. */
function idsIn(scope: Scope, experiments: readonly Experiment[] | undefined): readonly string[] | undefined {
  if (scope.kind === "experiments") return scope.ids;
  if (scope.kind !== "all") return [];
  const latest = experiments?.toSorted((one, other) => Number(secondsOf(other) - secondsOf(one)));
  return latest
    ?.slice(0, EXPERIMENTS_MAX)
    .map(({ id }) => id)
    .toSorted((one, other) => Number(one) - Number(other));
}

function secondsOf({ updateTime }: Experiment): bigint {
  return updateTime?.seconds ?? 0n;
}
