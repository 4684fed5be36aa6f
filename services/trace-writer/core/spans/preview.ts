/** What lists have room for of a request or an answer, in UTF-16 units. */
const PREVIEW_MAX = 500;
const CUT = "...";

/** The beginning of a text, at most `max` UTF-16 units; one that was cut ends in `...`. Never cuts a character in two. */
export function previewOf(text: string, max: number = PREVIEW_MAX): string {
  if (text.length <= max) return text;
  const end = max - CUT.length;
  const splits = text.charCodeAt(end - 1) >= 0xd800 && text.charCodeAt(end - 1) <= 0xdbff;
  return `${text.slice(0, splits ? end - 1 : end)}${CUT}`;
}

/** The beginning of UTF-8 bytes, as {@link previewOf}, without decoding more of them than it needs. */
export function previewOfBytes(bytes: Uint8Array): string {
  const head = bytes.subarray(0, PREVIEW_MAX * 4);
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString("utf8");
  return previewOf(text);
}
