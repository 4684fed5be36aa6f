import { useState } from "react";
import { momentText } from "../format/moments.ts";
import { parseTimeRange, TIME_RANGES, type TimeRange, timeRangeLabelOf, timeRangeWordOf } from "../time/time-range.ts";
import { Button } from "./button.tsx";
import { Menu, MenuItem } from "./menu.tsx";
import styles from "./time-range-picker.module.css";

/** Chooses what time is looked at: one of those that are usual, or from and to. */
export function TimeRangePicker({
  range,
  onChoose,
}: {
  readonly range: TimeRange;
  readonly onChoose: (range: TimeRange) => void;
}) {
  const label = timeRangeLabelOf(range, (ms) => momentText(ms, Date.now()));
  return (
    <Menu label={label} icon="clock" align="end">
      {(close) => {
        const choose = (chosen: TimeRange) => {
          onChoose(chosen);
          close();
        };
        return (
          <>
            {TIME_RANGES.map(([word, words]) => (
              <MenuItem
                key={word}
                chosen={word === timeRangeWordOf(range)}
                onChoose={() => choose(parseTimeRange(word) ?? { kind: "all" })}
              >
                {words}
              </MenuItem>
            ))}
            <Between range={range} onChoose={choose} />
          </>
        );
      }}
    </Menu>
  );
}

function Between({ range, onChoose }: { readonly range: TimeRange; readonly onChoose: (range: TimeRange) => void }) {
  const [from, setFrom] = useState(range.kind === "between" ? localText(range.fromMs) : "");
  const [to, setTo] = useState(range.kind === "between" ? localText(range.toMs) : "");
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
  return (
    <form
      className={styles["between"]}
      onSubmit={(event) => {
        event.preventDefault();
        onChoose({ kind: "between", fromMs, toMs });
      }}
    >
      <label>
        From
        <input type="datetime-local" value={from} onChange={(event) => setFrom(event.target.value)} />
      </label>
      <label>
        To
        <input type="datetime-local" value={to} onChange={(event) => setTo(event.target.value)} />
      </label>
      <Button type="submit" disabled={!(fromMs < toMs)}>
        Show
      </Button>
    </form>
  );
}

/** A moment as the field wants it: in the reader's time, to the minute. */
function localText(ms: number): string {
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
