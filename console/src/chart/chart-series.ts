/** A line or a layer of a chart. */
export interface ChartSeries {
  readonly label: string;
  /** The custom property that has its colour. */
  readonly colour: string;
  /** A figure for each moment. Null: there is none. */
  readonly values: readonly (number | null)[];
  /** `bars` of one chart stand on each other, in order; a `ghost` is what was before, drawn faintly behind all. */
  readonly kind: "bars" | "line" | "ghost";
}

/** What is drawn of series: each at its height, in the order of drawing, with its place in what was given. */
export interface DrawnSeries {
  readonly series: ChartSeries;
  readonly index: number;
  readonly heights: (number | null)[];
}

/** Stacks the bars. What is drawn later covers what was drawn before, so the highest comes first, and lines above bars. */
export function drawnSeriesOf(series: readonly ChartSeries[]): readonly DrawnSeries[] {
  let below: number[] = [];
  const drawn = series.map((one, index): DrawnSeries => {
    if (one.kind !== "bars") return { series: one, index, heights: [...one.values] };
    const heights = one.values.map((value, at) => (value ?? 0) + (below[at] ?? 0));
    below = heights;
    return { series: one, index, heights };
  });
  const ghosts = drawn.filter(({ series: { kind } }) => kind === "ghost");
  const bars = drawn.filter(({ series: { kind } }) => kind === "bars");
  const lines = drawn.filter(({ series: { kind } }) => kind === "line");
  return [...bars.toReversed(), ...ghosts, ...lines];
}

/** Where a line that has one figure has it. Nothing leads there, so it wants a dot. Empty: it has more, or none. */
export function loneFigureOf(values: readonly (number | null)[]): number[] {
  const at = values.flatMap((value, index) => (value === null ? [] : [index]));
  return at.length === 1 ? at : [];
}
