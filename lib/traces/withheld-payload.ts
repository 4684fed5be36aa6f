import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";

/** A part of a span's payload that was not kept: `inputs`, `outputs` or `error_text`, and why. */
export interface WithheldPayload {
  readonly what: string;
  readonly reason: string;
}

/** What is withheld of a span's payload, as its recorder noted it. */
export function withheldPayloadOf({ attributes }: Span): readonly WithheldPayload[] {
  const value = attributes.find(({ key }) => key === "twinspan.payload.withheld")?.value?.value;
  if (value?.$case !== "arrayValue") return [];
  return value.value.values.flatMap(({ value: item }) => {
    const [what = "", reason = ""] = item?.$case === "stringValue" ? item.value.split(":") : [];
    return what === "" ? [] : [{ what, reason }];
  });
}
