import { errorWordOf } from "#lib/spans/words.ts";
import type { RecentErrors } from "#proto/twinspan/gateway/v1/endpoint_details.ts";
import { Chip } from "../../components/chip.tsx";
import { countText } from "../../format/figures.ts";

/** So many kinds are told. */
const KINDS_MAX = 3;

/** Why calls failed, the most frequent first. */
export function ErrorTypes({ errors }: { readonly errors: readonly RecentErrors[] }) {
  return errors.slice(0, KINDS_MAX).map(({ type, count }) => (
    <Chip key={type} tone="bad">
      {errorWordOf(type) ?? "other"} {countText(count)}
    </Chip>
  ));
}
