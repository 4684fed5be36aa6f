import { z } from "zod";
import { mirrors } from "./forwarding.ts";
import { name } from "./scalars.ts";

/** `workspaces`: all but `default`. */
export const workspaces = z
  .array(
    z.strictObject({
      name: name.describe("What keys, endpoints and experiments call it."),
      mirrors,
    }),
  )
  .max(10_000)
  .default([])
  .describe(
    "The workspaces beside `default`, which is always there. Nothing crosses between two of them but calls of endpoints that are shared (`endpoints[].sharedWith`).",
  );
