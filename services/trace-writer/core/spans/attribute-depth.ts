import type { AnyValue, KeyValue } from "#proto/opentelemetry/proto/common/v1/common.ts";

/**
 * Values may be lists of lists, or lists of names and values, this many deep. A decoder takes 100 messages within one
 * another, and an answer wraps a span in more of them than the request did: what comes in must get out again.
 */
export const VALUE_DEPTH_MAX = 30;

/** Whether a value among attributes nests deeper than {@link VALUE_DEPTH_MAX}. */
export function nestTooDeep(attributes: readonly KeyValue[]): boolean {
  return attributes.some(({ value }) => isDeeperThan(VALUE_DEPTH_MAX, value));
}

/** The decoder's limit bounds the recursion. */
function isDeeperThan(levels: number, value: AnyValue | undefined): boolean {
  const inner = value?.value;
  switch (inner?.$case) {
    case "arrayValue":
      return levels === 0 || inner.value.values.some((item) => isDeeperThan(levels - 1, item));
    case "kvlistValue":
      return levels === 0 || inner.value.values.some((item) => isDeeperThan(levels - 1, item.value));
    default:
      return false;
  }
}
