import { Link } from "wouter";
import type { TotalsPoint } from "#proto/twinspan/trace/v1/totals.ts";
import { type Column, Table } from "../../components/table.tsx";
import type { TimeRange } from "../../time/time-range.ts";
import { tracesAddress } from "../traces/traces-address.ts";
import { Difference } from "./difference.tsx";
import { countedOf, DIMENSIONS, type Dimension, filterOf } from "./dimensions.ts";
import { colourOf, nameOf, ranksOf } from "./metric-series.ts";
import { METRICS, type Metric } from "./metrics.ts";
import styles from "./overview.module.css";
import type { Overview } from "./use-overview.ts";

interface Row {
  readonly now: TotalsPoint;
  readonly before: TotalsPoint | undefined;
}

/** Each group: what it came to, against before. Its name leads to its traces. */
export function GroupsTable({
  overview,
  range,
  isCompared,
}: {
  readonly overview: Overview;
  readonly range: TimeRange;
  readonly isCompared: boolean;
}) {
  const { by, groups, groupsBefore } = overview;
  const before = new Map(groupsBefore.map((point) => [nameOf(point), point]));
  const rows = groups
    .map((now): Row => ({ now, before: before.get(nameOf(now)) }))
    .toSorted((a, b) => Number(b.now.requests - a.now.requests));
  const ranks = ranksOf(overview);
  const most = Number(rows[0]?.now.requests ?? 1n);
  const words = DIMENSIONS.find(([dimension]) => dimension === by)?.[1] ?? by;
  const columns: readonly Column<Row>[] = [
    {
      key: "name",
      head: words,
      cell: ({ now }) => (
        <span className={styles["group"]} title={nameOf(now)}>
          <i className={styles["dot"]} style={{ background: `var(${colourOf(ranks.indexOf(nameOf(now)))})` }} />
          {now.other || now.group === "" ? (
            nameOf(now)
          ) : (
            <Link href={tracesAddress({ filter: filterOf(by, now.group), range })}>{now.group}</Link>
          )}
        </span>
      ),
    },
    ...METRICS.map(
      (metric): Column<Row> => ({
        key: metric.key,
        head: metric.key === "requests" ? headOf(by) : metric.title,
        numeric: true,
        cell: ({ now, before: was }) => (
          <span className={styles["cell"]}>
            {metric.key === "requests" && (
              <span className={styles["share"]} aria-hidden="true">
                <i className={styles["filled"]} style={{ width: `${(100 * Number(now.requests)) / most}%` }} />
              </span>
            )}
            <Figure metric={metric} now={now} before={was} isCompared={isCompared} by={by} range={range} />
          </span>
        ),
      }),
    ),
  ];
  return (
    <section className={styles["groups"]} aria-label={`By ${by}`}>
      <Table caption={`Totals by ${by}`} columns={columns} rows={rows} keyOf={({ now }) => nameOf(now)} />
    </section>
  );
}

function Figure({
  metric,
  now,
  before,
  isCompared,
  by,
  range,
}: Row & { readonly metric: Metric; readonly isCompared: boolean; readonly by: Dimension; readonly range: TimeRange }) {
  const figure = metric.of(now, now);
  const text = figure === undefined ? "–" : metric.text(figure);
  const leadsToErrors = metric.key === "errors" && now.errors > 0n && !now.other;
  return (
    <>
      {leadsToErrors ? (
        <Link href={tracesAddress({ filter: filterOf(by, now.group, true), range })}>{text}</Link>
      ) : (
        <span>{text}</span>
      )}
      {isCompared && <Difference before={before && metric.of(before, before)} now={figure} more={metric.more} />}
    </>
  );
}

function headOf(by: Dimension): string {
  return countedOf(by) === "attempts" ? "Attempts" : "Requests";
}
