import { Counter, type CounterConfiguration, Histogram, type HistogramConfiguration } from "prom-client";

/*
 * Metrics that every call writes to. prom-client makes a text of all labels, each time, to find what it has under them,
 * which is most of what a metric costs. Here that is found once for each combination of labels and kept: a cell is kept
 * for each line of the metric, and so bounded by what bounds its labels.
 */

type LabelValue = string | number;
/** A value for each label. */
type Labels<Label extends string> = Readonly<Record<Label, LabelValue>>;

/** A counter that every call writes to. */
export interface CellCounter<Label extends string> {
  /** Adds to what is counted under these labels: 1 where nothing else is said, never less than 0. */
  inc(labels: Labels<Label>, by?: number): void;
}

/** A histogram that every call writes to. */
export interface CellHistogram<Label extends string> {
  /** Takes a value under these labels. */
  observe(labels: Labels<Label>, value: number): void;
}

/** A counter of prom-client's, with the cells of its labels. */
export function createCellCounter<Label extends string>(config: CounterConfiguration<Label>): CellCounter<Label> {
  const counter = new Counter(config);
  const names = config.labelNames ?? [];
  const cells = new Cells<Label, CountedValue>(names, (labels) => {
    counter.inc(labels, 0);
    return known(entryOf(counter, names, labels, isCountedValue));
  });
  return {
    inc(labels, by = 1) {
      cells.at(labels).value += by;
    },
  };
}

/** A histogram of prom-client's, with the cells of its labels. */
export function createCellHistogram<Label extends string>(
  config: HistogramConfiguration<Label> & { readonly buckets: readonly number[] },
): CellHistogram<Label> {
  const histogram = new Histogram(config);
  const buckets = config.buckets.map((bound) => ({ bound, name: String(bound) }));
  const names = config.labelNames ?? [];
  const cells = new Cells<Label, ObservedValues>(names, (labels) => {
    const before = entryOf(histogram, names, labels, isObservedValues);
    if (before !== undefined) return before;
    histogram.zero(labels);
    return known(entryOf(histogram, names, labels, isObservedValues));
  });
  return {
    observe(labels, value) {
      const cell = cells.at(labels);
      cell.sum += value;
      cell.count += 1;
      for (const { bound, name } of buckets) {
        if (value > bound) continue;
        cell.bucketValues[name] = (cell.bucketValues[name] ?? 0) + 1;
        return;
      }
    },
  };
}

/** What prom-client has under a combination of labels, of a counter and of a histogram. */
interface CountedValue {
  value: number;
}
interface ObservedValues {
  sum: number;
  count: number;
  readonly bucketValues: Record<string, number>;
}

/** The cells of a metric. Each is made when it is first asked for. */
class Cells<Label extends string, Cell> {
  readonly #names: readonly Label[];
  readonly #make: (labels: Labels<Label>) => Cell;
  readonly #first = new Crossing<Cell>();

  constructor(names: readonly Label[], make: (labels: Labels<Label>) => Cell) {
    this.#names = names;
    this.#make = make;
  }

  at(labels: Labels<Label>): Cell {
    let crossing = this.#first;
    for (const name of this.#names) crossing = crossing.after(labels[name]);
    crossing.cell ??= this.#make(labels);
    return crossing.cell;
  }
}

/** Where the ways to cells part: a label's values lead on to the next label, and the last label's to cells. */
class Crossing<Cell> {
  readonly #ways = new Map<LabelValue, Crossing<Cell>>();
  cell: Cell | undefined;

  after(value: LabelValue): Crossing<Cell> {
    let next = this.#ways.get(value);
    if (next === undefined) {
      next = new Crossing();
      this.#ways.set(value, next);
    }
    return next;
  }
}

/**
 * What prom-client adds up under these labels, undefined where it has none yet. Several labels may have one entry: 200
 * and "200" are one text. It is in a member that its types do not tell, under a key that is made here as prom-client
 * makes it: a test holds the installed version to both, and with another the first call would throw.
 */
function entryOf<Label extends string, Entry extends object>(
  metric: object,
  names: readonly Label[],
  labels: Labels<Label>,
  isEntry: (value: object) => value is Entry,
): Entry | undefined {
  const entries: unknown = "hashMap" in metric ? metric.hashMap : undefined;
  if (typeof entries !== "object" || entries === null) return undefined;
  const key = names
    .toSorted()
    .map((name) => `${name}:${labels[name]},`)
    .join("");
  const entry: unknown = Object.getOwnPropertyDescriptor(entries, key)?.value;
  return typeof entry === "object" && entry !== null && isEntry(entry) ? entry : undefined;
}

function known<Entry>(entry: Entry | undefined): Entry {
  if (entry !== undefined) return entry;
  throw new Error("prom-client keeps its metrics otherwise than lib/metric-cells.ts knows");
}

function isCountedValue(entry: object): entry is CountedValue {
  return "value" in entry && typeof entry.value === "number";
}

function isObservedValues(entry: object): entry is ObservedValues {
  return "sum" in entry && "count" in entry && "bucketValues" in entry;
}
