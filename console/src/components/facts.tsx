import type { ReactNode } from "react";
import styles from "./facts.module.css";

/** A few facts in a row, each under its name. Those that are undefined are left out. */
export function Facts({ facts }: { readonly facts: readonly (readonly [name: string, fact: ReactNode])[] }) {
  return (
    <dl className={styles["facts"]}>
      {facts.map(
        ([name, fact]) =>
          fact !== undefined && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{fact}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
