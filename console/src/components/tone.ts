/** What a chip says by its colour. */
export type Tone = "plain" | "ok" | "bad" | "wait" | "full" | "mirror" | "accent";
