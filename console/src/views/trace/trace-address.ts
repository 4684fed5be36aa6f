import type { AddressCodec } from "../../address/view-state.ts";
import { addressOf } from "../../address/view-state.ts";

/** What of a span is shown. */
export type Panel = "messages" | "details" | "raw";

/** What a trace's view shows. */
export interface TraceViewState {
  /** The span, by its id in hex. Empty: the root. */
  readonly span: string;
  readonly panel: Panel;
  /** The trace that is shown with it, `tr-…`. Empty: none. */
  readonly beside: string;
}

const PANELS: readonly Panel[] = ["messages", "details", "raw"];

/** `/traces/tr-…?span=…&panel=raw&beside=tr-…`; each may be absent. */
export const traceCodec: AddressCodec<TraceViewState> = {
  read(query) {
    const [span, beside] = [query.get("span") ?? "", query.get("beside") ?? ""];
    return {
      span: /^[0-9a-f]{16}$/.test(span) ? span : "",
      panel: PANELS.find((panel) => panel === query.get("panel")) ?? "messages",
      beside: /^tr-[0-9a-f]{32}$/.test(beside) ? beside : "",
    };
  },
  write({ span, panel, beside }) {
    const query = new URLSearchParams();
    if (span !== "") query.set("span", span);
    if (panel !== "messages") query.set("panel", panel);
    if (beside !== "") query.set("beside", beside);
    return query;
  },
};

/** The address of a trace; what is not said is as by default. */
export function traceAddress(traceId: string, state: Partial<TraceViewState> = {}): string {
  return addressOf(`/traces/${traceId}`, traceCodec.write({ span: "", panel: "messages", beside: "", ...state }));
}
