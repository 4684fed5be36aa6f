import { useMemo, useRef, useState } from "react";
import { Link } from "wouter";
import { bytesText } from "#lib/traces/bytes-text.ts";
import { type Experiment, RetentionSource } from "#proto/twinspan/trace/v1/experiment.ts";
import { useViewState } from "../../address/view-state.ts";
import { Sparkline } from "../../chart/sparkline.tsx";
import { Button } from "../../components/button.tsx";
import { Segments } from "../../components/segments.tsx";
import { EmptyState, ErrorState, LoadingLines } from "../../components/states.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { View } from "../../components/view.tsx";
import { costText, countText, percentText } from "../../format/figures.ts";
import { agoText } from "../../format/moments.ts";
import { useExperiments } from "../../reads/experiments.ts";
import { useRefusal } from "../../session/session.ts";
import { useShortcuts } from "../../shell/shortcuts.tsx";
import { tracesAddress } from "../traces/traces-address.ts";
import { type Activity, DAYS, useActivity } from "./activity.ts";
import { ExperimentDialog } from "./experiment-dialog.tsx";
import styles from "./experiments.module.css";
import { EXPERIMENTS_ORDERS, type ExperimentsOrder, experimentsCodec } from "./experiments-address.ts";
import { RetentionDialog } from "./retention-dialog.tsx";
import { retentionText, sourceText } from "./retention-text.ts";

/** So many are listed; a part of a name that is written finds the others. */
const LISTED_MAX = 200;

interface Row {
  readonly experiment: Experiment;
  readonly activity: Activity | undefined;
}

/** Which dialog is open: of an experiment, or of a new one. */
type Asked =
  | { readonly kind: "name"; readonly renamed?: Experiment }
  | { readonly kind: "retention"; readonly experiment: Experiment };

/** The experiments: what is in each, how it went of late, what is kept of it; to create, to rename and to limit one. */
export function ExperimentsView() {
  const [{ search, order }, change] = useViewState(experimentsCodec);
  const [asked, setAsked] = useState<Asked>();
  const { data, error, refetch } = useExperiments();
  const activity = useActivity(data ?? []);
  const refusal = useRefusal("write-traces");
  const field = useRef<HTMLInputElement>(null);
  const shortcuts = useMemo(
    () => [
      { keys: "/", does: "Search experiments", run: () => field.current?.focus() },
      ...(refusal === undefined ? [{ keys: "n", does: "New experiment", run: () => setAsked({ kind: "name" }) }] : []),
    ],
    [refusal],
  );
  useShortcuts(shortcuts);
  const rows = rowsOf(data ?? [], activity, search, order);
  const tools = (
    <>
      <input
        ref={field}
        type="search"
        className={styles["search"]}
        aria-label="Search experiments"
        placeholder="Search"
        value={search}
        onChange={(event) => change({ search: event.target.value }, { replace: true })}
      />
      <Segments
        label="Order"
        options={EXPERIMENTS_ORDERS}
        value={order}
        onChoose={(chosen) => change({ order: chosen })}
      />
      <Button look="main" icon="plus" refusal={refusal} onClick={() => setAsked({ kind: "name" })}>
        New experiment
      </Button>
    </>
  );
  return (
    <View title="Experiments" tools={tools}>
      {data === undefined ? (
        error === null ? (
          <LoadingLines what="experiments" />
        ) : (
          <ErrorState error={error} onRetry={() => void refetch()} />
        )
      ) : rows.length === 0 ? (
        <EmptyState
          icon="experiments"
          title={search === "" ? "No experiments yet" : "No experiment has that in its name"}
        >
          {search === "" && <p>The first call of an endpoint makes its experiment. Setup has a command to copy.</p>}
        </EmptyState>
      ) : (
        <List rows={rows} onAsk={setAsked} />
      )}
      {asked?.kind === "name" && <ExperimentDialog renamed={asked.renamed} onClose={() => setAsked(undefined)} />}
      {asked?.kind === "retention" && (
        <RetentionDialog experiment={asked.experiment} onClose={() => setAsked(undefined)} />
      )}
    </View>
  );
}

function List({ rows, onAsk }: { readonly rows: readonly Row[]; readonly onAsk: (asked: Asked) => void }) {
  const nowMs = Date.now();
  const refusal = useRefusal("admin");
  const columns: readonly Column<Row>[] = [
    {
      key: "name",
      head: "Experiment",
      cell: ({ experiment: { id, name } }) => (
        <Link
          className={styles["name"]}
          title={name}
          href={tracesAddress({ scope: { kind: "experiments", ids: [id] } })}
        >
          {name}
        </Link>
      ),
    },
    {
      key: "activity",
      head: `Last ${DAYS} days`,
      cell: ({ activity }) => <Sparkline values={activity?.requests ?? []} width={150} />,
    },
    { key: "traces", head: "Traces", numeric: true, cell: ({ experiment }) => countText(experiment.traceCount) },
    { key: "errors", head: "Error rate", numeric: true, cell: ({ activity }) => errorRateOf(activity) },
    { key: "cost", head: "Cost", numeric: true, cell: ({ activity }) => (activity ? costText(activity.nanoUsd) : "–") },
    { key: "size", head: "Size", numeric: true, cell: ({ experiment }) => bytesText(experiment.storedBytes) },
    {
      key: "kept",
      head: "Kept",
      cell: ({ experiment: { retention } }) => (
        <span title={sourceText(retention)}>
          {retentionText(retention)}
          {retention?.source === RetentionSource.RETENTION_SOURCE_OWN && <span className={styles["own"]}> own</span>}
        </span>
      ),
    },
    {
      key: "active",
      head: "Last active",
      cell: ({ experiment }) => <span className={styles["soft"]}>{agoText(activeMsOf(experiment), nowMs)}</span>,
    },
    {
      key: "change",
      head: <span className="unseen">Change</span>,
      cell: ({ experiment }) => (
        <span className={styles["change"]}>
          <Button
            look="bare"
            icon="clock"
            label={`What is kept of ${experiment.name}`}
            refusal={refusal}
            onClick={() => onAsk({ kind: "retention", experiment })}
          />
          <Button
            look="bare"
            icon="edit"
            label={`Rename ${experiment.name}`}
            refusal={refusal}
            onClick={() => onAsk({ kind: "name", renamed: experiment })}
          />
        </span>
      ),
    },
  ];
  return (
    <>
      <div className={styles["list"]}>
        <Table
          caption="Experiments"
          columns={columns}
          rows={rows.slice(0, LISTED_MAX)}
          keyOf={({ experiment }) => experiment.id}
        />
      </div>
      <p className={styles["note"]}>
        {rows.length > LISTED_MAX && `And ${rows.length - LISTED_MAX} more: search by name. `}
        Beyond what is kept the oldest traces are deleted. What holds for experiments without limits of their own is set
        in the configuration, under <code>traceWriter.retention</code> and <code>traceWriter.experiments</code>.
      </p>
    </>
  );
}

function rowsOf(
  experiments: readonly Experiment[],
  activity: ReadonlyMap<string, Activity>,
  search: string,
  order: ExperimentsOrder,
): readonly Row[] {
  const wanted = search.trim().toLowerCase();
  return experiments
    .filter(({ name }) => name.toLowerCase().includes(wanted))
    .toSorted(ORDERS[order])
    .map((experiment) => ({ experiment, activity: activity.get(experiment.name) }));
}

const ORDERS: Readonly<Record<ExperimentsOrder, (a: Experiment, b: Experiment) => number>> = {
  active: (a, b) => activeMsOf(b) - activeMsOf(a),
  name: (a, b) => a.name.localeCompare(b.name),
  size: (a, b) => Number(b.storedBytes - a.storedBytes),
};

function activeMsOf({ updateTime, createTime }: Experiment): number {
  const { seconds = 0n, nanos = 0 } = updateTime ?? createTime ?? {};
  return Number(seconds) * 1000 + nanos / 1e6;
}

function errorRateOf(activity: Activity | undefined): string {
  const requests = activity?.requests.reduce((sum, count) => sum + count, 0) ?? 0;
  return activity === undefined || requests === 0 ? "–" : percentText(activity.errors / requests);
}
