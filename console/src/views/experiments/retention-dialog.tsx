import { type FormEvent, useId, useState } from "react";
import { beyondLimitsText } from "#lib/traces/beyond-limits.ts";
import type { Experiment } from "#proto/twinspan/trace/v1/experiment.ts";
import { Button } from "../../components/button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { messageOf } from "../../components/states.tsx";
import { useExperimentWrite } from "./experiment-writes.ts";
import styles from "./experiments.module.css";
import { fieldsOf, type LimitFields, type LimitName, limitsOf } from "./limit-fields.ts";
import { LimitInput } from "./limit-input.tsx";
import { retentionText } from "./retention-text.ts";
import { useOldestStart } from "./use-oldest-start.ts";

const NO_LIMITS = { ageDaysMax: 0, tracesMax: 0n, bytesMax: 0n };
const FIELDS: readonly (readonly [name: LimitName, words: string])[] = [
  ["age", "Age of a trace"],
  ["traces", "Number of traces"],
  ["bytes", "Size"],
];

/** Asks how much of an experiment is kept, and says what that deletes before it is done. */
export function RetentionDialog({
  experiment,
  onClose,
}: {
  readonly experiment: Experiment;
  readonly onClose: () => void;
}) {
  const { id, name, retention, ownRetention } = experiment;
  const { ceiling, configured = NO_LIMITS } = retention ?? {};
  const [isOwn, setOwn] = useState(ownRetention !== undefined);
  const [fields, setFields] = useState<LimitFields>(() => fieldsOf(ownRetention ?? configured));
  const [mayDelete, setMayDelete] = useState(false);
  const oldestStartMs = useOldestStart(id);
  const write = useExperimentWrite();
  const formId = useId();
  const read = isOwn ? limitsOf(fields) : { limits: configured };
  const beyond =
    "limits" in read ? beyondLimitsText(read.limits, { ...experiment, oldestStartMs }, Date.now()) : undefined;
  const choose = (own: boolean) => {
    setOwn(own);
    setMayDelete(false);
  };
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (!("limits" in read)) return;
    write.mutate({ kind: "retain", id, ownRetention: isOwn ? read.limits : undefined }, { onSuccess: onClose });
  };
  return (
    <Dialog title={`What is kept of ${name}`} onClose={onClose}>
      <form className={styles["form"]} onSubmit={save}>
        <fieldset className={styles["choice"]}>
          <legend className="unseen">Limits</legend>
          <label>
            <input type="radio" name={formId} checked={!isOwn} onChange={() => choose(false)} />
            As configured: {retentionText(configured)}
          </label>
          <label>
            <input type="radio" name={formId} checked={isOwn} onChange={() => choose(true)} />
            Limits of its own
          </label>
        </fieldset>
        {isOwn && (
          <div className={styles["limits"]}>
            {FIELDS.map(([limit, words]) => (
              <LimitInput
                key={limit}
                name={limit}
                words={words}
                field={fields[limit]}
                wrong={"wrong" in read && read.wrong === limit ? read.words : undefined}
                onChange={(field) => {
                  setFields({ ...fields, [limit]: field });
                  setMayDelete(false);
                }}
              />
            ))}
            <p className={styles["says"]}>
              A limit that is left empty is none. Beyond one the oldest traces are deleted.
              {ceiling !== undefined && ` Whatever is written here, no more is kept than ${retentionText(ceiling)}.`}
            </p>
          </div>
        )}
        <p role="status" className={styles[beyond === undefined ? "says" : "deletes"]}>
          {"limits" in read &&
            (beyond === undefined ? "Nothing is beyond that now." : `This deletes, for good: ${beyond}.`)}
        </p>
        {beyond !== undefined && (
          <label className={styles["confirm"]}>
            <input type="checkbox" checked={mayDelete} onChange={(event) => setMayDelete(event.target.checked)} />
            Delete them
          </label>
        )}
        {write.isError && (
          <p role="alert" className={styles["wrong"]}>
            {messageOf(write.error)}
          </p>
        )}
        <div className={styles["buttons"]}>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            look="main"
            disabled={write.isPending || !("limits" in read) || (beyond !== undefined && !mayDelete)}
          >
            Keep that
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
