import { useState } from "react";
import type { Experiment } from "#proto/twinspan/trace/v1/experiment.ts";
import { Menu, MenuItem } from "../../components/menu.tsx";
import { countText } from "../../format/figures.ts";
import styles from "./scope-menu.module.css";
import type { Scope } from "./traces-address.ts";

/** So many are listed; a name that is written finds the others. */
const LISTED_MAX = 60;

/** Chooses whose traces are listed. */
export function ScopeMenu({
  scope,
  experiments,
  onChoose,
}: {
  readonly scope: Scope;
  readonly experiments: readonly Experiment[];
  readonly onChoose: (scope: Scope) => void;
}) {
  return (
    <Menu label={labelOf(scope, experiments)} icon="experiments">
      {(close) => {
        const choose = (chosen: Scope) => {
          onChoose(chosen);
          close();
        };
        return (
          <>
            <MenuItem chosen={scope.kind === "all"} onChoose={() => choose({ kind: "all" })}>
              All experiments
            </MenuItem>
            <MenuItem chosen={scope.kind === "pending"} onChoose={() => choose({ kind: "pending" })}>
              Pending: no experiment yet
            </MenuItem>
            <MenuItem chosen={scope.kind === "unclaimed"} onChoose={() => choose({ kind: "unclaimed" })}>
              Unclaimed: pending for long
            </MenuItem>
            <Experiments scope={scope} experiments={experiments} onChoose={onChoose} />
          </>
        );
      }}
    </Menu>
  );
}

/** Several may be chosen, so that the menu stays open. */
function Experiments({ scope, experiments, onChoose }: Parameters<typeof ScopeMenu>[0]) {
  const [sought, setSought] = useState("");
  const ids = scope.kind === "experiments" ? scope.ids : [];
  const found = experiments.filter(({ name }) => name.toLowerCase().includes(sought.toLowerCase()));
  const toggle = (id: string) => {
    const chosen = ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id];
    onChoose(chosen.length === 0 ? { kind: "all" } : { kind: "experiments", ids: chosen });
  };
  return (
    <div className={styles["experiments"]}>
      <input
        type="search"
        aria-label="Find an experiment"
        placeholder="Find an experiment"
        value={sought}
        onChange={(event) => setSought(event.target.value)}
      />
      {found.slice(0, LISTED_MAX).map(({ id, name, traceCount }) => (
        <MenuItem key={id} chosen={ids.includes(id)} onChoose={() => toggle(id)}>
          <span className={styles["name"]}>{name}</span>
          <span className={styles["count"]}>{countText(traceCount)}</span>
        </MenuItem>
      ))}
      {found.length > LISTED_MAX && <p className={styles["more"]}>and {found.length - LISTED_MAX} more</p>}
    </div>
  );
}

function labelOf(scope: Scope, experiments: readonly Experiment[]): string {
  switch (scope.kind) {
    case "all":
      return "All experiments";
    case "pending":
      return "Pending";
    case "unclaimed":
      return "Unclaimed";
    case "experiments": {
      const [first = "", ...others] = scope.ids;
      if (others.length > 0) return `${others.length + 1} experiments`;
      return experiments.find(({ id }) => id === first)?.name ?? `Experiment ${first}`;
    }
  }
}
