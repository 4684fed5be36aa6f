import { createHash } from "node:crypto";
import type { Caller } from "../core/invocation.ts";

/** A model, by what it is called. */
interface Named {
  readonly provider: { readonly name: string };
  readonly model: string;
}

/** The bytes of a digest that make a figure: as many as a double holds exactly. */
const DRAWN_BYTES = 6;

/**
 * How a call draws its models' figures for the plan, each from 0 up to 1: by chance, or where the endpoint is sticky
 * and the caller has named a session or user, by that name, in every gateway the same.
 */
export function drawOf(
  sticky: "none" | "session" | "user",
  caller: Caller,
  random: () => number,
): (model: Named) => number {
  const key = sticky === "none" ? undefined : caller[sticky];
  if (key === undefined) return random;
  return ({ provider, model }) => {
    const digest = createHash("sha256")
      .update(JSON.stringify([key, provider.name, model]))
      .digest();
    return digest.readUIntBE(0, DRAWN_BYTES) / 2 ** (8 * DRAWN_BYTES);
  };
}
