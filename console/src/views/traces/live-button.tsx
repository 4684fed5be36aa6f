import { Button } from "../../components/button.tsx";
import { classes } from "../../components/classes.ts";
import styles from "./live-button.module.css";
import type { LiveStatus } from "./use-live-traces.ts";

const WORDS: Readonly<Record<LiveStatus, string>> = {
  off: "New traces are not followed here: they come with a reload",
  connecting: "Connecting …",
  live: "New traces appear as they come",
  broken: "The connection broke: it is tried again",
};

/** Says whether new traces appear by themselves, and lets one choose; reads the list anew where they do not. */
export function LiveButton({
  status,
  isWanted,
  onToggle,
  onRefresh,
}: {
  readonly status: LiveStatus;
  readonly isWanted: boolean;
  readonly onToggle: () => void;
  readonly onRefresh: () => void;
}) {
  return (
    <>
      <Button aria-pressed={isWanted} title={isWanted ? WORDS[status] : WORDS.off} onClick={onToggle}>
        <span className={classes(styles["dot"], isWanted && styles[status])} />
        Live
      </Button>
      <Button icon="refresh" label="Read the list anew" onClick={onRefresh} />
    </>
  );
}
