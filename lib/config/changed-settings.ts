import { isDeepStrictEqual } from "node:util";
import { isObject } from "../json-value.ts";

/** The settings that two values of a setting differ in, each by its path: `gateway.limits.requestBytesMax`. Lists are one. */
export function changedSettings(before: unknown, after: unknown, path = ""): readonly string[] {
  if (isObject(before) && isObject(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)]);
    return Array.from(names).flatMap((name) =>
      changedSettings(before[name], after[name], path === "" ? name : `${path}.${name}`),
    );
  }
  return isDeepStrictEqual(before, after) ? [] : [path];
}
