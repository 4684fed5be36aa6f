import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { TraceEditorServiceService } from "#proto/twinspan/trace/v1/trace_editor_service.ts";
import { call } from "../../api/call.ts";
import { Button } from "../../components/button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { messageOf } from "../../components/states.tsx";
import { useRefusal } from "../../session/session.ts";
import styles from "./edit-tags.module.css";

interface EditTagsProps {
  readonly traceId: string;
  readonly tags: readonly (readonly [key: string, value: string])[];
}

/** Sets and removes the tags of a trace. */
export function EditTags({ traceId, tags }: EditTagsProps) {
  const [isOpen, setOpen] = useState(false);
  const refusal = useRefusal("write-traces");
  return (
    <>
      <Button look="bare" icon="tag" refusal={refusal} onClick={() => setOpen(true)}>
        {tags.length === 0 ? "Add tags" : "Edit tags"}
      </Button>
      {isOpen && <TagsDialog traceId={traceId} tags={tags} onClose={() => setOpen(false)} />}
    </>
  );
}

function TagsDialog({ traceId, tags, onClose }: EditTagsProps & { readonly onClose: () => void }) {
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const queries = useQueryClient();
  const edit = useMutation({
    mutationFn: (change: { readonly set: Record<string, string>; readonly remove: string[] }) =>
      call(TraceEditorServiceService.updateTraceTags, { traceId, ...change }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["trace", traceId] }),
  });
  const add = () => {
    edit.mutate({ set: { [key.trim()]: value }, remove: [] });
    setKey("");
    setValue("");
  };
  return (
    <Dialog title="Tags" onClose={onClose}>
      <ul className={styles["tags"]}>
        {tags.map(([name, text]) => (
          <li key={name}>
            <code>{name}</code>
            <span>{text}</span>
            <Button
              look="bare"
              icon="trash"
              label={`Remove ${name}`}
              onClick={() => edit.mutate({ set: {}, remove: [name] })}
            />
          </li>
        ))}
      </ul>
      <form
        className={styles["new"]}
        onSubmit={(event) => {
          event.preventDefault();
          add();
        }}
      >
        <input
          aria-label="Key"
          placeholder="Key"
          maxLength={250}
          value={key}
          onChange={(event) => setKey(event.target.value)}
        />
        <input
          aria-label="Value"
          placeholder="Value"
          maxLength={8000}
          value={value}
          onChange={(event) => setValue(event.target.value)}
        />
        <Button look="main" type="submit" disabled={key.trim() === "" || edit.isPending}>
          Set
        </Button>
      </form>
      {edit.error !== null && (
        <p role="alert" className={styles["error"]}>
          {messageOf(edit.error)}
        </p>
      )}
    </Dialog>
  );
}
