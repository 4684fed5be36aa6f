import { type ReactNode, useCallback, useEffect, useId, useRef, useState } from "react";
import { classes } from "./classes.ts";
import { Icon, type IconName } from "./icon.tsx";
import styles from "./menu.module.css";
import { refusedAs } from "./refused.ts";

/**
 * A button that opens a panel under it. Closed by Escape, by a click elsewhere, and by `close`, which its content is
 * given.
 */
export function Menu({
  label,
  icon,
  children,
  align = "start",
  quiet = false,
}: {
  /** What is on the button. */
  readonly label: ReactNode;
  readonly icon?: IconName;
  readonly children: (close: () => void) => ReactNode;
  /** Which edge of the button the panel's edge stands under. */
  readonly align?: "start" | "end";
  /** Whether the button has no frame. */
  readonly quiet?: boolean;
}) {
  const [isOpen, setOpen] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const id = useId();
  const close = useCallback(() => {
    setOpen(false);
    place.current?.querySelector("button")?.focus();
  }, []);
  useEffect(() => {
    if (!isOpen) return;
    const onPointer = (event: PointerEvent) => {
      if (event.target instanceof Node && place.current?.contains(event.target) === false) setOpen(false);
    };
    document.addEventListener("pointerdown", onPointer);
    return () => document.removeEventListener("pointerdown", onPointer);
  }, [isOpen]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape closes what is within, wherever the focus is
    <div
      ref={place}
      className={styles["place"]}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !isOpen) return;
        event.preventDefault();
        event.stopPropagation();
        close();
      }}
    >
      <button
        type="button"
        className={classes(styles["button"], quiet && styles["quiet"])}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={() => setOpen(!isOpen)}
      >
        {icon !== undefined && <Icon name={icon} size={14} />}
        <span className={styles["label"]}>{label}</span>
        <Icon name="down" size={12} />
      </button>
      {isOpen && (
        <div
          id={id}
          role="dialog"
          aria-label={typeof label === "string" ? label : undefined}
          className={classes(styles["panel"], styles[align])}
        >
          {children(close)}
        </div>
      )}
    </div>
  );
}

/** A line of a menu that can be chosen. */
export function MenuItem({
  chosen,
  refusal,
  onChoose,
  children,
}: {
  /** Undefined: nothing is chosen here, something is done. */
  readonly chosen?: boolean;
  /** Why it does nothing for who is here, in a sentence. */
  readonly refusal?: string | undefined;
  readonly onChoose: () => void;
  readonly children: ReactNode;
}) {
  return (
    <button type="button" className={styles["item"]} aria-pressed={chosen} onClick={onChoose} {...refusedAs(refusal)}>
      {chosen !== undefined && <Icon name="check" size={13} className={classes(!chosen && styles["unchosen"])} />}
      {children}
    </button>
  );
}
