import { useId, useMemo, useRef, useState } from "react";
import { Button } from "../components/button.tsx";
import { RemovableChip } from "../components/chip.tsx";
import { Icon } from "../components/icon.tsx";
import { useShortcuts } from "../shell/shortcuts.tsx";
import { type Conjunct, conjunctsOf, withConjunct, withoutConjunct } from "./conjuncts.ts";
import styles from "./filter-bar.module.css";
import type { KnownWords } from "./filter-completion.ts";
import type { FilterError } from "./filter-error.ts";
import { FilterInput } from "./filter-input.tsx";

interface FilterBarProps {
  readonly filter: string;
  readonly onChange: (filter: string) => void;
  /** What the server said of it. */
  readonly error: FilterError | undefined;
  readonly known: KnownWords;
}

/** A filter: a chip for each of its parts, and a field for the next one; or all of it as text. */
export function FilterBar({ filter, onChange, error, known }: FilterBarProps) {
  const [draft, setDraft] = useState("");
  const [isText, setText] = useState(false);
  const [text, setTextValue] = useState(filter);
  const field = useRef<HTMLInputElement>(null);
  const errorId = useId();
  const conjuncts = conjunctsOf(filter);
  const asText = isText || conjuncts === undefined;
  const shortcuts = useMemo(() => [{ keys: "/", does: "Write a filter", run: () => field.current?.focus() }], []);
  useShortcuts(shortcuts);

  const edit = (conjunct: Conjunct) => {
    onChange(withoutConjunct(filter, conjunct.at));
    setDraft(conjunct.text);
    field.current?.focus();
  };
  const input = asText
    ? {
        value: isText ? text : filter,
        onChange: setTextTo,
        onEnter: () => onChange(text.trim()),
        onBackOut: () => undefined,
      }
    : { value: draft, onChange: setDraft, onEnter: addDraft, onBackOut: editLast };
  function setTextTo(value: string) {
    setText(true);
    setTextValue(value);
  }
  function addDraft() {
    if (draft.trim() === "") return;
    onChange(withConjunct(filter, draft));
    setDraft("");
  }
  function clear() {
    setText(false);
    onChange("");
  }
  function editLast() {
    const last = conjuncts?.at(-1);
    if (last !== undefined) edit(last);
  }
  return (
    <search className={styles["bar"]} data-invalid={error !== undefined}>
      <div className={styles["line"]}>
        <Icon name="search" size={14} />
        {!asText &&
          conjuncts.map((conjunct) => (
            <RemovableChip
              key={conjunct.at}
              what={`filter ${conjunct.text}`}
              isBad={error !== undefined && isWithin(error.at, conjunct)}
              onEdit={() => edit(conjunct)}
              onRemove={() => onChange(withoutConjunct(filter, conjunct.at))}
            >
              <code>{conjunct.text}</code>
            </RemovableChip>
          ))}
        <FilterInput
          {...input}
          field={field}
          known={known}
          placeholder={filter === "" ? "Filter: status = 'ERROR', duration > 1000, model = …" : "and …"}
          errorId={error === undefined ? undefined : errorId}
        />
        {filter !== "" && (
          <Button
            look="bare"
            aria-pressed={asText}
            onClick={() => {
              setText(!asText);
              setTextValue(filter);
            }}
          >
            Text
          </Button>
        )}
        {filter !== "" && <Button look="bare" icon="close" label="Remove the filter" onClick={clear} />}
      </div>
      {error !== undefined && (
        <div id={errorId} role="alert" className={styles["error"]}>
          <ErrorPlace filter={filter} at={error.at} />
          <span>{error.message}</span>
        </div>
      )}
    </search>
  );
}

function isWithin(at: number, conjunct: Conjunct): boolean {
  return at >= conjunct.at && at <= conjunct.at + conjunct.text.length;
}

/** So much of a filter is shown around a place that is wrong. */
const AROUND = 32;

function ErrorPlace({ filter, at }: { readonly filter: string; readonly at: number }) {
  const start = Math.max(0, at - AROUND);
  return (
    <code>
      {start > 0 && "…"}
      {filter.slice(start, at)}
      <mark>{filter.slice(at, at + 1) || " "}</mark>
      {filter.slice(at + 1, at + AROUND)}
    </code>
  );
}
