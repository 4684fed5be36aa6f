const KEY = "twinspan.list";

/** Keeps where the list of traces was left, in this tab, so that the way back leads there. */
export function keepListAddress(query: string): void {
  sessionStorage.setItem(KEY, query);
}

/** The list of traces as it was left. */
export function listAddress(): string {
  const query = sessionStorage.getItem(KEY) ?? "";
  return query === "" ? "/traces" : `/traces?${query}`;
}
