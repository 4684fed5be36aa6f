import { useId, useState } from "react";
import { Button } from "../../components/button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { messageOf } from "../../components/states.tsx";
import { useExperimentWrite } from "./experiment-writes.ts";
import styles from "./experiments.module.css";

/** As long as a name gets. */
const NAME_CHARACTERS_MAX = 250;

/** Asks for the name of a new experiment, or for another name of one. */
export function ExperimentDialog({
  renamed,
  onClose,
}: {
  /** Undefined: it is a new one. */
  readonly renamed?: { readonly id: string; readonly name: string } | undefined;
  readonly onClose: () => void;
}) {
  const [name, setName] = useState(renamed?.name ?? "");
  const write = useExperimentWrite();
  const id = useId();
  const words = renamed === undefined ? "Create" : "Rename";
  return (
    <Dialog title={renamed === undefined ? "New experiment" : `Rename ${renamed.name}`} onClose={onClose}>
      <form
        className={styles["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          const what =
            renamed === undefined
              ? ({ kind: "create", name } as const)
              : ({ kind: "rename", id: renamed.id, name } as const);
          write.mutate(what, { onSuccess: onClose });
        }}
      >
        <label htmlFor={id}>Name</label>
        <input
          id={id}
          required
          maxLength={NAME_CHARACTERS_MAX}
          value={name}
          aria-describedby={`${id}-says`}
          aria-invalid={write.isError}
          onChange={(event) => setName(event.target.value)}
        />
        <p id={`${id}-says`} className={styles["says"]}>
          {renamed === undefined
            ? "Whatever names an experiment that is missing makes it too: create one only to have it beforehand."
            : "Its traces stay in it. An endpoint, or an agent, that names the old one makes that anew with its next call: change the name there too."}
        </p>
        {write.isError && (
          <p role="alert" className={styles["wrong"]}>
            {messageOf(write.error)}
          </p>
        )}
        <div className={styles["buttons"]}>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="main" disabled={write.isPending || name.trim() === "" || name === renamed?.name}>
            {words}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
