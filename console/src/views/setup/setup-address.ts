import type { AddressCodec } from "../../address/view-state.ts";
import { addressOf } from "../../address/view-state.ts";

/** What the setup shows. */
export interface SetupState {
  /** The guide. Empty: the first. */
  readonly guide: string;
  /** The endpoint that it calls. Empty: the first there is. */
  readonly endpoint: string;
}

/** `/setup?for=openai&endpoint=support-chat`; each may be absent. */
export const setupCodec: AddressCodec<SetupState> = {
  read: (query) => ({ guide: query.get("for") ?? "", endpoint: query.get("endpoint") ?? "" }),
  write({ guide, endpoint }) {
    const query = new URLSearchParams();
    if (guide !== "") query.set("for", guide);
    if (endpoint !== "") query.set("endpoint", endpoint);
    return query;
  },
};

/** The address of a guide. */
export function setupAddress(state: SetupState): string {
  return addressOf("/setup", setupCodec.write(state));
}
