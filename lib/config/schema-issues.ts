import type { z } from "zod";

/**
 * What a schema found wrong, told of the settings that were meant: of a union, such as `auth` which is a word or
 * settings, the faults of the branch that the value is of the same kind as.
 */
export function* issuesOf(issues: readonly z.core.$ZodIssue[]): Generator<z.core.$ZodIssue> {
  for (const issue of issues) {
    const branch = issue.code === "invalid_union" ? branchOf(issue) : undefined;
    if (branch === undefined) yield issue;
    else yield* issuesOf(branch.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })));
  }
}

/** The branch that failed within the value. Undefined: the value is of none of the kinds. */
function branchOf({ errors }: z.core.$ZodIssueInvalidUnion): readonly z.core.$ZodIssue[] | undefined {
  return errors.find((branch) => branch.every(({ path, code }) => path.length > 0 || code === "unrecognized_keys"));
}
