import { useMemo } from "react";
import { saidOf } from "#lib/spans/meanings.ts";
import { readAttributes } from "#lib/spans/read-attributes.ts";
import { Chip } from "../../components/chip.tsx";
import { Facts } from "../../components/facts.tsx";
import { Segments } from "../../components/segments.tsx";
import { TokensText } from "../../components/tokens-text.tsx";
import { costText, durationText } from "../../format/figures.ts";
import { useShortcuts } from "../../shell/shortcuts.tsx";
import { SpanDetails } from "./span-details.tsx";
import { SpanMessages } from "./span-messages.tsx";
import styles from "./span-panel.module.css";
import { SpanRaw } from "./span-raw.tsx";
import type { Panel } from "./trace-address.ts";
import type { TwinLink } from "./twin-spans.ts";
import type { WaterfallRow } from "./waterfall-rows.ts";

interface SpanPanelProps {
  readonly row: WaterfallRow;
  /** The other twin of the call that it belongs to. */
  readonly link: TwinLink | undefined;
  /** The root of a full trace, which has the payload of its attempts. Undefined: it is another trace, or this is it. */
  readonly fullRoot: WaterfallRow | undefined;
  /** Of a mirror the span with its words, where the full trace is shown beside it. */
  readonly twinBeside: WaterfallRow | undefined;
  readonly onChoose: (spanId: string) => void;
  readonly panel: Panel;
  readonly onPanel: (panel: Panel) => void;
}

const PANELS = [
  ["messages", "Messages"],
  ["details", "Details"],
  ["raw", "Raw"],
] as const;

/** All that is known of a span. */
export function SpanPanel({ row, link, fullRoot, twinBeside, onChoose, panel, onPanel }: SpanPanelProps) {
  const { facts, span } = row;
  const attributes = useMemo(() => readAttributes(span.attributes), [span]);
  const model = saidOf(attributes, "responseModel") ?? saidOf(attributes, "requestModel");
  const hasTokens = facts.inputTokens !== undefined || facts.outputTokens !== undefined;
  const tokens = hasTokens ? <TokensText {...facts} /> : undefined;
  const shortcuts = useMemo(
    () =>
      PANELS.map(([name, words], index) => ({
        keys: `${index + 1}`,
        does: `Show ${words.toLowerCase()}`,
        run: () => onPanel(name),
      })),
    [onPanel],
  );
  useShortcuts(shortcuts);
  return (
    <section className={styles["panel"]} aria-label={`Span ${facts.name}`}>
      <header className={styles["head"]}>
        <div className={styles["title"]}>
          <h2>{facts.name}</h2>
          {row.isMirror && <Chip tone="mirror">mirror</Chip>}
          {row.type !== "" && row.tone !== "full" && !row.isMirror && (
            <Chip>{row.type.toLowerCase().replace("_", " ")}</Chip>
          )}
          {facts.reason !== undefined && <Chip tone="wait">{facts.reason}</Chip>}
          {facts.error !== undefined && <Chip tone="bad">{facts.error}</Chip>}
        </div>
        <Facts
          facts={[
            ["Duration", durationText(facts.durationMs)],
            ["First token", facts.firstTokenMs === undefined ? undefined : durationText(facts.firstTokenMs)],
            ["Model", model],
            ["Provider", saidOf(attributes, "provider")],
            ["Tokens", tokens],
            ["Cost", facts.costNanoUsd === undefined ? undefined : costText(facts.costNanoUsd)],
          ]}
        />
        <Segments label="What of the span" options={PANELS} value={panel} onChoose={onPanel} />
      </header>
      <div className={styles["content"]}>
        {panel === "messages" && (
          <SpanMessages row={row} link={link} fullRoot={fullRoot} twinBeside={twinBeside} onChoose={onChoose} />
        )}
        {panel === "details" && <SpanDetails row={row} />}
        {panel === "raw" && <SpanRaw span={span} isMirror={row.isMirror} />}
      </div>
    </section>
  );
}
