const QUERY = "twinspan.list";
const OFFSET = "twinspan.list-offset";

/** Keeps which list of traces was looked at last, in this tab, so that the way back leads there. */
export function keepListAddress(query: string): void {
  if (sessionStorage.getItem(QUERY) !== query) sessionStorage.removeItem(OFFSET);
  sessionStorage.setItem(QUERY, query);
}

/** Keeps how far down it was left, in pixels. */
export function keepListOffset(offset: number): void {
  sessionStorage.setItem(OFFSET, String(Math.round(offset)));
}

/** The list of traces as it was left. */
export function listAddress(): string {
  const query = sessionStorage.getItem(QUERY) ?? "";
  return query === "" ? "/traces" : `/traces?${query}`;
}

/** How far down the list of that address was left, in pixels. 0: it was another one. */
export function listOffset(query: string): number {
  return sessionStorage.getItem(QUERY) === query ? Number(sessionStorage.getItem(OFFSET) ?? 0) : 0;
}
