import { useState } from "react";
import { messageJsonOf } from "#lib/traces/message-json.ts";
import type { Trace } from "#proto/twinspan/trace/v1/trace.ts";
import { CopyButton } from "../../components/copy-button.tsx";
import { Menu, MenuItem } from "../../components/menu.tsx";
import { useRefusal } from "../../session/session.ts";
import { DeleteTrace } from "./delete-trace.tsx";

/** What can be done with a trace as a whole. */
export function TraceActions({ trace }: { readonly trace: Trace }) {
  const [isDeleting, setDeleting] = useState(false);
  const refusal = useRefusal("admin");
  const traceId = trace.info?.traceId ?? "";
  return (
    <>
      <CopyButton text={traceId} what="trace id" words="Copy id" />
      <CopyButton text={() => window.location.href} what="address" words="Copy link" />
      <Menu label="More" align="end">
        {(close) => (
          <>
            <MenuItem
              onChoose={() => {
                downloadJson(`${traceId}.json`, messageJsonOf(trace));
                close();
              }}
            >
              Export as JSON
            </MenuItem>
            <MenuItem
              onChoose={() => void navigator.clipboard.writeText(`bin/twinspan trace show ${traceId}`).then(close)}
            >
              Copy the command that shows it
            </MenuItem>
            <MenuItem
              refusal={refusal}
              onChoose={() => {
                close();
                setDeleting(true);
              }}
            >
              Delete …
            </MenuItem>
          </>
        )}
      </Menu>
      {isDeleting && <DeleteTrace trace={trace} onClose={() => setDeleting(false)} />}
    </>
  );
}

function downloadJson(name: string, json: string): void {
  const url = URL.createObjectURL(new Blob([json], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
