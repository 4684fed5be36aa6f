import { setTimeout as pause } from "node:timers/promises";
import { unavailable } from "../commit/write-queue.ts";
import { failureKindOf } from "./failures.ts";

/** A read that fails is tried again once, after so long, in milliseconds: a connection may have been cut. */
const AGAIN_MS = 50;

/** Reads. Rejects with `unavailable` where the database cannot be read for now. */
export async function readable<Value>(read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    if (!isPassing(error)) throw error;
    await pause(AGAIN_MS);
  }
  try {
    return await read();
  } catch (error) {
    if (!isPassing(error)) throw error;
    const cause = error instanceof Error ? error : new Error(String(error));
    throw unavailable("The trace store cannot be read now. Try again later.", cause);
  }
}

function isPassing(error: unknown): boolean {
  return failureKindOf(error).kind !== "failed";
}
