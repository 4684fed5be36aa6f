import type { ReactNode } from "react";
import styles from "./chip.module.css";
import { classes } from "./classes.ts";
import { Icon } from "./icon.tsx";
import type { Tone } from "./tone.ts";

/** A short word in a frame of its colour. */
export function Chip({
  tone = "plain",
  title,
  children,
}: {
  readonly tone?: Tone;
  readonly title?: string;
  readonly children: ReactNode;
}) {
  return (
    <span className={classes(styles["chip"], styles[tone])} title={title}>
      {children}
    </span>
  );
}

/** A chip that can be taken away. `what` says so to those who listen: `filter status = 'ERROR'`. */
export function RemovableChip({
  children,
  what,
  isBad = false,
  onRemove,
  onEdit,
}: {
  readonly children: ReactNode;
  readonly what: string;
  readonly isBad?: boolean;
  readonly onRemove: () => void;
  readonly onEdit: () => void;
}) {
  return (
    <span className={classes(styles["chip"], styles[isBad ? "bad" : "accent"], styles["removable"])}>
      <button type="button" className={styles["edit"]} title="Edit" onClick={onEdit}>
        {children}
      </button>
      <button type="button" aria-label={`Remove ${what}`} onClick={onRemove}>
        <Icon name="close" size={11} />
      </button>
    </span>
  );
}
