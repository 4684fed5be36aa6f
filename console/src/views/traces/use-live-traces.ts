import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import type { TailTracesRequest } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { followTraces } from "./follow-traces.ts";
import { type LiveTraces, NOTHING_NEW, withAllAdmitted, withChanged } from "./live-traces.ts";

/** How the following goes. `off`: nothing is followed. */
export type LiveStatus = "off" | "connecting" | "live" | "broken";

/** What came, and how it is going. */
export interface LiveTracesView {
  readonly live: LiveTraces;
  readonly status: LiveStatus;
  /** Whether what is read now misses nothing: the stream runs, or none is going to. */
  readonly isReady: boolean;
  /** Lets everything in that came. */
  readonly admit: () => void;
  /** Forgets all of it, when the list is read anew. */
  readonly forget: () => void;
}

/** The stream is waited for so long before the list is read, in milliseconds: something in between may hold it back. */
const READY_MS = 500;

/** What is kept of a list while it is not looked at, so that coming back to it misses nothing. */
interface Kept {
  readonly live: LiveTraces;
  readonly resumeToken: string;
}

/**
 * Follows the traces of a list. `request` is undefined where nothing is followed; another one begins anew. While
 * `isReading` says so, what is new waits; else it is let in as it comes.
 */
export function useLiveTraces(
  request: Omit<TailTracesRequest, "resumeToken"> | undefined,
  isReading: () => boolean,
): LiveTracesView {
  const key = request === undefined ? "" : JSON.stringify(request);
  const queries = useQueryClient();
  const kept = () => queries.getQueryData<Kept>(["live", key]) ?? { live: NOTHING_NEW, resumeToken: "" };
  const [state, setState] = useState({ key, live: kept().live, status: statusAtFirst(key), isReady: key === "" });
  const current =
    state.key === key ? state : { key, live: kept().live, status: statusAtFirst(key), isReady: key === "" };
  const reading = useRef(isReading);
  reading.current = isReading;

  const change = useCallback(
    (changed: (live: LiveTraces) => LiveTraces, resumeToken?: string) => {
      const before = queries.getQueryData<Kept>(["live", key]) ?? { live: NOTHING_NEW, resumeToken: "" };
      const after = { live: changed(before.live), resumeToken: resumeToken ?? before.resumeToken };
      queries.setQueryData<Kept>(["live", key], after);
      setState((old) => ({
        ...(old.key === key ? old : { status: statusAtFirst(key), isReady: false }),
        key,
        live: after.live,
      }));
    },
    [queries, key],
  );
  useEffect(() => {
    if (key === "") return;
    const tell = (status: LiveStatus) =>
      setState((old) => ({ live: old.key === key ? old.live : NOTHING_NEW, key, status, isReady: true }));
    const abort = new AbortController();
    const late = setTimeout(() => tell("connecting"), READY_MS);
    const { resumeToken } = queries.getQueryData<Kept>(["live", key]) ?? { resumeToken: "" };
    const asked: Omit<TailTracesRequest, "resumeToken"> = JSON.parse(key);
    const follower = {
      onLive: () => {
        clearTimeout(late);
        tell("live");
      },
      onTraces: (traces: Parameters<typeof withChanged>[1], token: string) => {
        change((live) => {
          const changed = traces.length === 0 ? live : withChanged(live, traces);
          return reading.current() ? changed : withAllAdmitted(changed);
        }, token);
      },
      onBroken: () => tell("broken"),
    };
    void followTraces({ ...asked, resumeToken }, follower, abort.signal);
    return () => {
      clearTimeout(late);
      abort.abort();
    };
  }, [key, queries, change]);

  return {
    live: current.live,
    status: current.status,
    isReady: current.isReady,
    admit: useCallback(() => change(withAllAdmitted), [change]),
    forget: useCallback(() => change(() => NOTHING_NEW), [change]),
  };
}

function statusAtFirst(key: string): LiveStatus {
  return key === "" ? "off" : "connecting";
}
