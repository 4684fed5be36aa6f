import { randomBytes } from "node:crypto";

/** A word that is nowhere but where it was planted. */
export function newCanary(): string {
  return `canary${randomBytes(9).toString("hex")}`;
}

/** The canaries among `planted` that a text holds, plain or in base64. */
export function canariesAmong(planted: readonly string[], text: string): readonly string[] {
  return planted.filter((one) => formsOf(one).some((form) => text.includes(form)));
}

/** Base64 takes three bytes at a time, so a word within it has one of three forms, but for its ends. */
function formsOf(word: string): readonly string[] {
  const shifted = [0, 1, 2].map((shift) => Buffer.from(word.slice(shift)).toString("base64").slice(0, -4));
  return [word, ...shifted];
}

/** Anything as text; bytes as Latin-1, so that what is in them is found. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === "bigint") return part.toString();
    if (typeof part === "object" && part !== null && "data" in part && Array.isArray(part.data)) {
      return Buffer.from(part.data).toString("latin1");
    }
    return part;
  });
}
