import type { ButtonHTMLAttributes, ReactNode } from "react";
import styles from "./button.module.css";
import { classes } from "./classes.ts";
import { Icon, type IconName } from "./icon.tsx";
import { refusedAs } from "./refused.ts";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** `plain` by default: a quiet one with a border. At most one in a view is `main`. */
  readonly look?: "plain" | "main" | "bare" | "danger";
  readonly icon?: IconName;
  /** Absent: an icon alone, which `label` must name. */
  readonly children?: ReactNode;
  /** What it does, where no words of it are shown; shown as its tooltip, too. */
  readonly label?: string | undefined;
  /** Why it does nothing for who is here, in a sentence: it can be reached, and says so. */
  readonly refusal?: string | undefined;
}

/** A button. */
export function Button({ look = "plain", icon, label, refusal, children, className, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={classes(styles["button"], styles[look], children === undefined && styles["alone"], className)}
      aria-label={label}
      title={label}
      {...rest}
      {...refusedAs(refusal)}
    >
      {icon !== undefined && <Icon name={icon} size={14} />}
      {children}
    </button>
  );
}
