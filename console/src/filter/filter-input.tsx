import { type KeyboardEvent, type Ref, useId, useLayoutEffect, useRef, useState } from "react";
import { classes } from "../components/classes.ts";
import { type Completion, type Completions, completionsAt, type KnownWords } from "./filter-completion.ts";
import styles from "./filter-input.module.css";

interface FilterInputProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** Enter, with nothing chosen in the list. */
  readonly onEnter: () => void;
  /** Backspace where nothing is written. */
  readonly onBackOut: () => void;
  readonly known: KnownWords;
  readonly placeholder: string;
  readonly field: Ref<HTMLInputElement>;
  /** Whether what is written is wrong, and by whom that is told. */
  readonly errorId: string | undefined;
}

const NO_COMPLETIONS: Completions = { from: 0, to: 0, options: [] };

/** A field for a filter that offers what may be written next. */
export function FilterInput({
  value,
  onChange,
  onEnter,
  onBackOut,
  known,
  placeholder,
  field,
  errorId,
}: FilterInputProps) {
  const [caret, setCaret] = useState<number>();
  const [chosen, setChosen] = useState(-1);
  const input = useRef<HTMLInputElement | null>(null);
  const listId = useId();
  const { from, to, options } = caret === undefined ? NO_COMPLETIONS : completionsAt(value, caret, known);

  // Where the caret goes once what was taken is drawn: before anything else is typed.
  const [taken, setTaken] = useState<{ readonly place: number }>();
  useLayoutEffect(() => {
    if (taken !== undefined) input.current?.setSelectionRange(taken.place, taken.place);
  }, [taken]);

  const take = ({ insert }: Completion) => {
    const place = from + insert.length;
    onChange(`${value.slice(0, from)}${insert}${value.slice(to)}`);
    setChosen(-1);
    setCaret(place);
    setTaken({ place });
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const option = options[chosen];
    const step = STEPS.get(event.key);
    if (step !== undefined && options.length > 0) {
      event.preventDefault();
      setChosen(Math.max(-1, Math.min(options.length - 1, chosen + step)));
    } else if ((event.key === "Enter" || event.key === "Tab") && option !== undefined) {
      event.preventDefault();
      take(option);
    } else if (event.key === "Enter") {
      event.preventDefault();
      setCaret(undefined);
      onEnter();
    } else if (event.key === "Escape") {
      if (caret === undefined) input.current?.blur();
      setCaret(undefined);
    } else if (event.key === "Backspace" && value === "") {
      onBackOut();
    }
  };
  const isOpen = options.length > 0;
  return (
    <div className={styles["place"]}>
      <input
        ref={(element) => {
          input.current = element;
          if (typeof field === "function") field(element);
          else if (field !== null) field.current = element;
        }}
        className={styles["input"]}
        role="combobox"
        aria-label="Filter"
        aria-expanded={isOpen}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={chosen === -1 ? undefined : `${listId}-${chosen}`}
        aria-invalid={errorId !== undefined}
        aria-describedby={errorId}
        autoComplete="off"
        spellCheck={false}
        placeholder={placeholder}
        maxLength={8000}
        value={value}
        onChange={(event) => {
          onChange(event.target.value);
          setCaret(event.target.selectionStart ?? undefined);
          setChosen(-1);
        }}
        onFocus={(event) => setCaret(event.target.selectionStart ?? 0)}
        onClick={(event) => setCaret(event.currentTarget.selectionStart ?? 0)}
        onBlur={() => setCaret(undefined)}
        onKeyDown={onKeyDown}
      />
      <div id={listId} role="listbox" aria-label="What may be written next" hidden={!isOpen} className={styles["list"]}>
        {options.map((option, index) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the field, which names it as active
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field hears the keys
          <div
            key={option.label}
            id={`${listId}-${index}`}
            role="option"
            aria-selected={index === chosen}
            className={classes(styles["option"])}
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => take(option)}
          >
            <code>{option.label}</code>
            <span>{option.says}</span>
          </div>
        ))}
      </div>
    </div>
  );
}

const STEPS: ReadonlyMap<string, number> = new Map([
  ["ArrowDown", 1],
  ["ArrowUp", -1],
]);
