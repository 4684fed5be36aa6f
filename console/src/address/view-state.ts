import { useCallback, useMemo, useRef } from "react";
import { useLocation, useSearch } from "wouter";

/**
 * How the state of a view stands in the query of its address. Pure. `read` takes any query, whoever wrote it: what it
 * does not understand is as if it were not there. `write` leaves out what is as it is by default, so that addresses
 * stay short.
 */
export interface AddressCodec<State> {
  readonly read: (query: URLSearchParams) => State;
  readonly write: (state: State) => URLSearchParams;
}

/** Changes some of a view's state. `replace`: the step before is not kept, as while someone writes. */
export type ChangeView<State> = (change: Partial<State>, how?: { readonly replace?: boolean }) => void;

/** The state of the view that is shown, which is in its address and nowhere else: an address that is sent shows the same. */
export function useViewState<State extends object>(codec: AddressCodec<State>): readonly [State, ChangeView<State>] {
  const query = useSearch();
  const [path, navigate] = useLocation();
  const state = useMemo(() => codec.read(new URLSearchParams(query)), [codec, query]);
  // Of two changes in one moment the second one stands on the first.
  const latest = useRef(state);
  latest.current = state;
  const change = useCallback<ChangeView<State>>(
    (changed, { replace = false } = {}) => {
      latest.current = { ...latest.current, ...changed };
      navigate(addressOf(path, codec.write(latest.current)), { replace });
    },
    [codec, navigate, path],
  );
  return [state, change];
}

/** A path with its query, if it has one. */
export function addressOf(path: string, query: URLSearchParams): string {
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}
