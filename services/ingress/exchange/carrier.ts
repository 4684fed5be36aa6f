import type { Invocations } from "../core/invocations.ts";

/** A way to one copy of the gateway. */
export interface Carrier extends Pick<Invocations, "begin"> {
  /** How many invocations are under way on it. */
  readonly load: number;
}
