import { Link } from "wouter";
import { classes } from "../../components/classes.ts";
import { Icon } from "../../components/icon.tsx";
import { costText, countText, durationText, percentText } from "../../format/figures.ts";
import type { TimeRange } from "../../time/time-range.ts";
import { tracesAddress } from "../traces/traces-address.ts";
import { filterOf } from "./dimensions.ts";
import type { Change } from "./movers.ts";
import styles from "./movers-panel.module.css";

/**
 * What changed the most against the range before, the most important first; each leads to the traces behind it.
 * `isFirst`: there were no calls before.
 */
export function MoversPanel({
  movers,
  isFirst,
  range,
}: {
  readonly movers: readonly Change[];
  readonly isFirst: boolean;
  readonly range: TimeRange;
}) {
  return (
    <section className={styles["movers"]} aria-labelledby="movers">
      <h2 id="movers">What changed</h2>
      {isFirst || movers.length === 0 ? (
        <p className={styles["calm"]}>
          <Icon name="check" size={14} /> {isFirst ? FIRST : CALM}
        </p>
      ) : (
        <ol>
          {movers.map((change) => (
            <li key={`${change.metric} ${change.dimension} ${change.group}`}>
              <Mover change={change} range={range} />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

const FIRST = "These are the first calls: the time before, of the same length, had none to compare them with.";
const CALM = "Nothing out of the ordinary: no endpoint, model, provider or caller differs much from the time before.";

function Mover({ change, range }: { readonly change: Change; readonly range: TimeRange }) {
  const { dimension, group, metric, before, now } = change;
  const { says, text } = WORDS[metric];
  const most = Math.max(before, now);
  const tone = metric === "requests" ? styles["neutral"] : now > before ? styles["bad"] : styles["good"];
  const address = tracesAddress({
    filter: filterOf(dimension, group, metric === "errors"),
    range,
    order: metric === "latency" ? "slowest" : "newest",
  });
  return (
    <Link href={address} className={classes(styles["mover"], tone)}>
      <span className={styles["whose"]}>
        <b>{group}</b> {dimension}
      </span>
      <span className={styles["what"]}>
        {says} <s>{text(before)}</s> <span aria-hidden="true">→</span> <b>{text(now)}</b>
      </span>
      <span className={styles["bar"]} aria-hidden="true">
        <i style={{ width: `${(100 * before) / most}%` }} />
        <i style={{ width: `${(100 * now) / most}%` }} />
      </span>
      <span className={styles["more"]}>{moreText(change)}</span>
    </Link>
  );
}

const nanosText = (nanos: number) => durationText(nanos / 1e6);
const WORDS = {
  errors: { says: "Error rate", text: percentText },
  latency: { says: "Latency p95", text: nanosText },
  cost: { says: "Cost", text: costText },
  requests: { says: "Requests", text: (count: number) => countText(Math.round(count)) },
} as const;

/** How much that makes. */
function moreText({ metric, before, now, excess }: Change): string {
  const direction = excess > 0 ? "more" : "less";
  if (metric === "errors")
    return `${countText(Math.abs(Math.round(excess)))} ${excess > 0 ? "more" : "fewer"} failed than before`;
  if (before === 0) return "not there before";
  if (now === 0) return "gone";
  if (metric === "latency")
    return now > before ? `${(now / before).toFixed(1)} × as slow` : `${(before / now).toFixed(1)} × as fast`;
  return `${percentText(Math.abs(now / before - 1))} ${direction}`;
}
