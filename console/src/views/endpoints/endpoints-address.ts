import type { AddressCodec } from "../../address/view-state.ts";
import { addressOf } from "../../address/view-state.ts";

/** Which endpoint is shown. Empty: the first. */
export interface EndpointsState {
  readonly name: string;
}

/** `/endpoints?name=support-chat`. */
export const endpointsCodec: AddressCodec<EndpointsState> = {
  read: (query) => ({ name: query.get("name") ?? "" }),
  write({ name }) {
    const query = new URLSearchParams();
    if (name !== "") query.set("name", name);
    return query;
  },
};

/** The address of an endpoint. */
export function endpointAddress(name: string): string {
  return addressOf("/endpoints", endpointsCodec.write({ name }));
}
