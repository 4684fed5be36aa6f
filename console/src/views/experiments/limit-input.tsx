import { useId } from "react";
import styles from "./experiments.module.css";
import { LIMIT_UNITS, type LimitField, type LimitName } from "./limit-fields.ts";

/** Asks for a limit: a number, in one of its units. `wrong` says why it is none. */
export function LimitInput({
  name,
  words,
  field,
  wrong,
  onChange,
}: {
  readonly name: LimitName;
  readonly words: string;
  readonly field: LimitField;
  readonly wrong: string | undefined;
  readonly onChange: (field: LimitField) => void;
}) {
  const id = useId();
  const units = Object.keys(LIMIT_UNITS[name]);
  return (
    <>
      <label htmlFor={id}>{words}</label>
      <input
        id={id}
        type="text"
        inputMode="decimal"
        autoComplete="off"
        placeholder="any"
        value={field.number}
        aria-invalid={wrong !== undefined}
        aria-describedby={wrong === undefined ? undefined : `${id}-wrong`}
        onChange={(event) => onChange({ ...field, number: event.target.value })}
      />
      {units.length > 1 ? (
        <select
          aria-label={`${words}, unit`}
          value={field.unit}
          onChange={(event) => onChange({ ...field, unit: event.target.value })}
        >
          {units.map((unit) => (
            <option key={unit}>{unit}</option>
          ))}
        </select>
      ) : (
        <span>{field.unit}</span>
      )}
      {wrong !== undefined && (
        <p id={`${id}-wrong`} className={styles["wrong"]}>
          {wrong}
        </p>
      )}
    </>
  );
}
