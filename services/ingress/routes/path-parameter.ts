/** A parameter of a route's path, decoded. Empty: the path has nothing there. */
export function pathParameter(params: unknown, name: string): string {
  const found = Object.entries(params ?? {}).find(([key]) => key === name);
  return typeof found?.[1] === "string" ? found[1] : "";
}
