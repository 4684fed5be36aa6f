import { Link } from "wouter";
import { Button } from "../../components/button.tsx";
import { EmptyState } from "../../components/states.tsx";
import type { TracesState } from "./traces-address.ts";

/** Where a list has no traces: why, and what to do. */
export function NoTraces({ state, onWiden }: { readonly state: TracesState; readonly onWiden: () => void }) {
  if (state.filter !== "" || state.range.kind !== "all") {
    return (
      <EmptyState icon="filter" title="No trace is like that">
        <p>Nothing in this scope passes the filter in this time.</p>
        <Button onClick={onWiden}>Show all of its traces</Button>
      </EmptyState>
    );
  }
  switch (state.scope.kind) {
    case "pending":
      return (
        <EmptyState icon="clock" title="Nothing is pending">
          <p>A mirror waits here until its agent’s own spans arrive, and say which experiment it belongs to.</p>
        </EmptyState>
      );
    case "unclaimed":
      return (
        <EmptyState icon="clock" title="Nothing is unclaimed">
          <p>A mirror whose agent never sent spans of its own is found here after an hour.</p>
        </EmptyState>
      );
    default:
      return (
        <EmptyState icon="traces" title="No traces yet">
          <p>
            Every call leaves one. <Link href="/setup">Point a client at this server</Link>, and it appears here.
          </p>
        </EmptyState>
      );
  }
}
