import type { ReactNode } from "react";
import styles from "./segments.module.css";

/** One of a few, all of which are seen: a choice of what is shown. `label` names what is chosen. */
export function Segments<Value extends string>({
  label,
  options,
  value,
  onChoose,
}: {
  readonly label: string;
  readonly options: readonly (readonly [value: Value, words: ReactNode])[];
  readonly value: Value;
  readonly onChoose: (value: Value) => void;
}) {
  return (
    <fieldset className={styles["segments"]} aria-label={label}>
      {options.map(([option, words]) => (
        <button key={option} type="button" aria-pressed={option === value} onClick={() => onChoose(option)}>
          {words}
        </button>
      ))}
    </fieldset>
  );
}
