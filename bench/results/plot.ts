/** Bars beside one another, from top to bottom. */
export interface Panel {
  readonly title: string;
  /** What is told apart within bars, said by colour behind the title. */
  readonly legend: readonly PartKind[];
  readonly bars: readonly Bar[];
  /** A line over all bars, and what it means. */
  readonly mark: { readonly value: number; readonly words: string } | undefined;
  readonly digits: number;
}

/** A bar, of one part or several. */
export interface Bar {
  readonly label: string;
  readonly parts: readonly { readonly value: number; readonly kind: PartKind }[];
}

/** What a part stands for, and so its colour. */
export const PART_KINDS = ["compared", "off", "on", "ingress", "gateway", "trace-writer", "store"] as const;
export type PartKind = (typeof PART_KINDS)[number];

/** By kind: on light paper, and on dark. */
const COLOURS: Readonly<Record<PartKind, readonly [string, string]>> = {
  compared: ["#8c8f94", "#8b8f96"],
  off: ["#8ab6de", "#5c88b3"],
  on: ["#1f6fb5", "#6cb2ee"],
  ingress: ["#1f6fb5", "#6cb2ee"],
  gateway: ["#c9651b", "#f0a05a"],
  "trace-writer": ["#3c8d4f", "#76c48a"],
  store: ["#8a5aa8", "#c199dc"],
};
const WIDTH = 880;
const COLUMNS = 2;
const PANEL_WIDTH = WIDTH / COLUMNS;
const LABEL_WIDTH = 100;
const VALUE_WIDTH = 64;
const BAR_WIDTH = PANEL_WIDTH - LABEL_WIDTH - VALUE_WIDTH - 20;
const ROW = 20;
const HEAD = 42;
const FOOT = 18;

/**
 * An SVG of panels in two columns, legible on light and on dark pages. A bar longer than its panel is cut, and ends in
 * an arrow.
 */
export function plotOf(panels: readonly Panel[], longestOf: (panel: Panel) => number): string {
  const drawn: string[] = [];
  let height = 0;
  for (let first = 0; first < panels.length; first += COLUMNS) {
    const row = panels.slice(first, first + COLUMNS);
    for (const [column, panel] of row.entries()) {
      const place = `translate(${column * PANEL_WIDTH} ${height})`;
      drawn.push(`<g transform="${place}">\n${panelOf(panel, longestOf(panel))}</g>\n`);
    }
    height += Math.max(...row.map(({ bars }) => HEAD + bars.length * ROW + FOOT));
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="12">
<style>
${styleOf(0)}
@media (prefers-color-scheme: dark) {
${styleOf(1)}
}
</style>
<rect class="paper" width="${WIDTH}" height="${height}"/>
${drawn.join("")}</svg>
`;
}

function panelOf({ title, legend, bars, mark, digits }: Panel, longest: number): string {
  const scale = (value: number) => (value / longest) * BAR_WIDTH;
  const swatches = legend.map((kind) => `<tspan class="${kind}" dx="8" font-weight="400">■ ${kind}</tspan>`).join("");
  const lines = [`<text class="ink" x="12" y="20" font-weight="600">${escaped(title)}${swatches}</text>`];
  for (const [row, { label, parts }] of bars.entries()) {
    const y = HEAD + row * ROW;
    const total = parts.reduce((sum, { value }) => sum + value, 0);
    lines.push(`<text class="ink" x="${LABEL_WIDTH - 8}" y="${y + 13}" text-anchor="end">${escaped(label)}</text>`);
    let x = LABEL_WIDTH;
    for (const { value, kind } of parts) {
      const width = Math.min(scale(value), LABEL_WIDTH + BAR_WIDTH - x);
      lines.push(`<rect class="${kind}" x="${fixed(x)}" y="${y + 2}" width="${fixed(width)}" height="${ROW - 6}"/>`);
      x += width;
    }
    const text = `${total > longest ? "→ " : ""}${total.toFixed(digits)}`;
    lines.push(`<text class="ink" x="${fixed(x + 6)}" y="${y + 13}">${text}</text>`);
  }
  if (mark !== undefined) {
    const x = fixed(LABEL_WIDTH + scale(mark.value));
    lines.push(
      `<line class="mark" x1="${x}" x2="${x}" y1="${HEAD - 4}" y2="${HEAD + bars.length * ROW}"/>`,
      `<text class="muted" x="${x}" y="${HEAD - 8}" text-anchor="middle">${escaped(mark.words)}</text>`,
    );
  }
  return `${lines.join("\n")}\n`;
}

function styleOf(scheme: 0 | 1): string {
  const [paper, ink, muted] = scheme === 0 ? ["#ffffff", "#1f2328", "#59636e"] : ["#0d1117", "#e6edf3", "#9198a1"];
  const parts = PART_KINDS.map((kind) => `.${kind} { fill: ${COLOURS[kind][scheme]} }`);
  const marks = `.mark { stroke: ${muted}; stroke-dasharray: 3 3 }`;
  return [`.paper { fill: ${paper} }`, `.ink { fill: ${ink} }`, `.muted { fill: ${muted} }`, marks, ...parts].join(
    "\n",
  );
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

function fixed(value: number): string {
  return value.toFixed(1);
}
