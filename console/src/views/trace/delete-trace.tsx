import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useLocation } from "wouter";
import type { Trace } from "#proto/twinspan/trace/v1/trace.ts";
import { TraceEditorServiceService } from "#proto/twinspan/trace/v1/trace_editor_service.ts";
import { call } from "../../api/call.ts";
import { Button } from "../../components/button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { messageOf } from "../../components/states.tsx";
import styles from "./delete-trace.module.css";

/** Deletes a trace, once that was confirmed, and goes to the list. */
export function DeleteTrace({ trace, onClose }: { readonly trace: Trace; readonly onClose: () => void }) {
  const { traceId = "", experimentId = "", sealed = false } = trace.info ?? {};
  const [, navigate] = useLocation();
  const queries = useQueryClient();
  const deletion = useMutation({
    mutationFn: () =>
      call(TraceEditorServiceService.deleteTraces, {
        experimentId,
        traceIds: [traceId],
        startTimeUnixNanoMax: undefined,
        tracesMax: 0,
      }),
    onSuccess: () => {
      queries.removeQueries({ queryKey: ["traces"] });
      queries.removeQueries({ queryKey: ["trace", traceId] });
      navigate("/traces");
    },
  });
  return (
    <Dialog title="Delete this trace?" onClose={onClose}>
      <div className={styles["words"]}>
        <p>
          <code>{traceId}</code> is gone for good: its spans, its messages and its tags.{" "}
          {sealed
            ? "What it cost is no longer billed, and its mirror says that it expired."
            : "The full traces of its calls stay."}
        </p>
        {experimentId === "" && <p>It is pending, in no experiment yet, and can be deleted once it is in one.</p>}
        {deletion.error !== null && (
          <p role="alert" className={styles["error"]}>
            {messageOf(deletion.error)}
          </p>
        )}
        <div className={styles["choice"]}>
          <Button onClick={onClose}>Keep it</Button>
          <Button
            look="danger"
            icon="trash"
            disabled={experimentId === "" || deletion.isPending}
            onClick={() => deletion.mutate()}
          >
            Delete
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
