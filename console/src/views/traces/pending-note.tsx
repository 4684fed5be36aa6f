import { useQuery } from "@tanstack/react-query";
import { TraceReaderServiceService } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { call } from "../../api/call.ts";
import { Button } from "../../components/button.tsx";
import type { Scope } from "./traces-address.ts";

/** They are counted so far. */
const COUNTED_MAX = 100;
const EVERY_MS = 10_000;

/** Says how many traces wait for their agent's own spans, since lists of experiments have none of them. */
export function PendingNote({ scope, onShow }: { readonly scope: Scope; readonly onShow: () => void }) {
  const pending = useQuery({
    queryKey: ["pending"],
    refetchInterval: EVERY_MS,
    queryFn: async ({ signal }) => {
      const search = { experimentIds: [], pending: true, unclaimed: false, filter: "", orderBy: "" };
      const page = await call(
        TraceReaderServiceService.searchTraces,
        { ...search, pageSize: COUNTED_MAX, pageToken: "" },
        signal,
      );
      return { count: page.traces.length, more: page.nextPageToken !== "" };
    },
  });
  if (scope.kind !== "all" || pending.data === undefined || pending.data.count === 0) return null;
  return (
    <Button look="bare" title="Traces in no experiment yet: their agents’ own spans have not arrived" onClick={onShow}>
      {pending.data.count}
      {pending.data.more ? "+" : ""} pending
    </Button>
  );
}
