import { classes } from "../../components/classes.ts";
import { percentText } from "../../format/figures.ts";
import styles from "./overview.module.css";

/** How a figure differs from the one before: its direction, its size, and by colour whether that is bad. */
export function Difference({
  before,
  now,
  more,
}: {
  readonly before: number | undefined;
  readonly now: number | undefined;
  readonly more: "bad" | "neutral";
}) {
  if (before === undefined || now === undefined || (before === 0 && now === 0)) return null;
  if (before === 0)
    return <span className={classes(styles["difference"], more === "bad" && styles["worse"])}>new</span>;
  const change = now / before - 1;
  if (Math.abs(change) < 0.005) return <span className={styles["difference"]}>=</span>;
  const tone =
    more === "neutral" || Math.abs(change) < 0.05 ? undefined : change > 0 ? styles["worse"] : styles["better"];
  return (
    <span className={classes(styles["difference"], tone)}>
      <span aria-hidden="true">{change > 0 ? "↑" : "↓"}</span>
      <span className="unseen">{change > 0 ? "up by" : "down by"}</span>{" "}
      {change > 9.99 ? `${Math.round(change + 1)} ×` : percentText(Math.abs(change))}
    </span>
  );
}
